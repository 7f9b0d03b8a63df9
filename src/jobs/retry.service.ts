import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { Payer } from '../accounts/budget.js';
import { ADMIN_KEY } from '../accounts/principal.js';
import { Spending } from '../accounts/spending.js';
import { pointerSegment, type FieldError } from '../conversion/job-body.js';
import type { Credentials, JobExport, JobGraph, JobInput } from '../conversion/job-graph.js';
import { CREDENTIAL_RULES, hasHeaders, isPlace, oneOf } from '../conversion/places.js';
import { conflict, invalidRequest, Problem } from '../http/problem.js';
import { lower } from '../routing/ceiling.js';
import type { Decision } from '../routing/decision-record.js';
import { RouterService, type Route } from '../routing/router.service.js';
import type { Claim } from './idempotency-claim.js';
import { RetryStore } from './retry-store.js';
import { inputsOf, stepsToRun } from './retry-plan.js';
import type { FileRow, WholeJob } from './rows.js';
import { hasEnded } from './states.js';
import { unpaid, withinBudgets, type Means } from './within-budgets.js';

interface Planned {
  readonly stages: Extract<Route, { readonly stages: unknown }>['stages'];
  readonly decision: Decision;
}

/** By input or export id. */
export type GivenCredentials = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Makes a new job of one that has ended: what is still there is not made again. */
@Injectable()
export class RetryService {
  constructor(
    private readonly store: RetryStore,
    private readonly router: RouterService,
    private readonly spending: Spending = new Spending(),
  ) {}

  /** Throws `conflict` while the job has not ended, `invalid_request` where something that it needs is gone or was not sent again, `budget_exceeded` where no budget pays for what is left. */
  async retry(old: WholeJob, given: GivenCredentials, claim?: Claim, key: string = ADMIN_KEY): Promise<WholeJob> {
    if (!hasEnded(old.status)) throw conflict(`The job is ${old.status}; only a job that has ended is retried.`);
    const kept = await this.store.kept(old.id);
    const results = old.files.filter(({ role }) => role === 'result');
    const wanted = stepsToRun({ graph: old.graph, steps: old.steps, exports: old.exports, kept: results.filter(({ id }) => kept.has(id)), results });
    const inputs = inputsOf(old.graph, wanted);
    const exports = old.graph.exports.filter((target) => target.inputs.some((id) => wanted.has(id)) && old.exports.find(({ id }) => id === target.id)?.status !== 'delivered');
    const credentials = this.credentials(old.graph, given, [...inputs.filter(isPlace), ...exports], inputs.filter((input) => hasHeaders(input) && this.fileOf(old, input, kept) === null));
    const sources = new Map(inputs.flatMap((input) => [[input.id, this.fileOf(old, input, kept)] as const]));
    const gone = inputs.filter((input) => sources.get(input.id) === null && (input.type === 'upload' || input.type === 'base64' || input.type === 'job-output'));
    if (gone.length > 0) throw new Problem('invalid_request', `The bytes of ${gone.map(({ id }) => `"${id}"`).join(', ')} are no longer kept, and the steps that are left need them. Send the job again.`);
    const graph = withFields(old.graph, credentials);
    const payer = { tenant: old.tenant, key, tag: graph.tag };
    const reused = results.filter(({ id, step_id }) => kept.has(id) && step_id !== null && !wanted.has(step_id));
    const write = ({ stages, decision }: Planned): Promise<WholeJob> => this.store.insert({
      old, key, decision, stages: stages.map((stage) => ({ ...stage, id: uuidv7() })), graph, wanted, reused, credentials, sources: new Map([...sources].flatMap(([id, file]) => (file === null ? [] : [[id, file] as const]))),
      ...(claim === undefined ? {} : { claim }),
    });
    return withinBudgets(write, (means) => this.plan(graph, wanted, payer, means));
  }

  private plan(graph: JobGraph, wanted: ReadonlySet<string>, payer: Payer, { out, left }: Means): Planned | null {
    const steps = graph.steps.filter(({ id }) => wanted.has(id));
    const route = this.router.route(graph, graph.steps, steps, [], true, { out: [...this.spending.out(payer), ...out], ceiling: lower(graph.ceiling ?? null, left) });
    if (wanted.size === 0) return { stages: [], decision: { ...route.decision, winner: null, summary: 'Every result is there already: nobody has anything to do.', quotes: [] } };
    if ('stages' in route) return { stages: route.stages, decision: route.decision };
    if (left !== null) return null;
    const poor = unpaid(route, () => this.router.route(graph, graph.steps, steps));
    if (poor !== null) throw poor;
    const why = [...route.exclusions.map(({ message }) => message), ...route.refusals.map(({ provider, reason }) => `${provider}: ${reason}`)].join(' ');
    throw new Problem('no_eligible_provider', `No provider can run the steps that are left. ${why}`);
  }

  private fileOf(old: WholeJob, input: JobInput, kept: ReadonlySet<string>): FileRow | null {
    const row = old.inputs.find(({ id }) => id === input.id);
    return old.files.find(({ id }) => id === row?.file_id && kept.has(id)) ?? null;
  }

  /** Those that were erased with the old job's end, and are needed again. */
  private credentials(graph: JobGraph, given: GivenCredentials, places: readonly (JobInput | JobExport)[], headers: readonly JobInput[]): ReadonlyMap<string, Credentials> {
    const errors: FieldError[] = [];
    const needed = new Map<string, Credentials>();
    const ids = new Set([...graph.inputs, ...graph.exports].map(({ id }) => id));
    for (const id of Object.keys(given)) if (!ids.has(id)) errors.push({ pointer: `/credentials${pointerSegment(id)}`, message: 'There is no such input or export in the job.' });
    for (const { id, type } of places) {
      const said = given[id];
      const rule = type in CREDENTIAL_RULES ? CREDENTIAL_RULES[type as keyof typeof CREDENTIAL_RULES] : null;
      const missing = rule?.required.filter((names) => !names.some((name) => typeof said?.[name] === 'string' && said[name] !== '')) ?? [];
      if (missing.length > 0) errors.push({ pointer: `/credentials${pointerSegment(id)}`, message: `Its credentials were erased when the job ended; send ${missing.map((names) => oneOf(names)).join(' and ')} again.` });
      else needed.set(id, { ...said });
    }
    for (const input of headers) {
      const said = given[input.id] ?? {};
      const missing = (input.type === 'url' ? (input.headerNames ?? []) : []).filter((name) => typeof said[name] !== 'string');
      if (missing.length > 0) errors.push({ pointer: `/credentials${pointerSegment(input.id)}`, message: `Its headers were erased when the job ended; send ${missing.map((name) => `"${name}"`).join(', ')} again.` });
      else needed.set(input.id, said);
    }
    if (errors.length > 0) throw invalidRequest(errors);
    return needed;
  }
}

/** Who runs the job is decided by the credentials that there are now, and at the prices of now: a quote was for the job that kept to it. */
function withFields({ quoted: _quoted, ...graph }: JobGraph, credentials: ReadonlyMap<string, Credentials>): JobGraph {
  const fields = <T extends { readonly id: string }>(place: T): T => (credentials.has(place.id) && 'credentialFields' in place ? { ...place, credentialFields: Object.keys(credentials.get(place.id) ?? {}) } : place);
  return { ...graph, routing: { ...graph.routing, quoteId: null }, inputs: graph.inputs.map(fields), exports: graph.exports.map(fields) };
}
