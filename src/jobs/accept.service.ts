import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { Payer } from '../accounts/budget.js';
import { ADMIN_KEY } from '../accounts/principal.js';
import type { JobBody } from '../conversion/job-body.js';
import type { JobGraph } from '../conversion/job-graph.js';
import { invalidRequest } from '../http/problem.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { RouterService, type Route } from '../routing/router.service.js';
import type { Claim } from './idempotency-claim.js';
import { InputFilesService } from './input-files.service.js';
import { JobReader } from './job-reader.service.js';
import { JobStore } from './job-store.js';
import type { NewJob } from './new-job.js';
import { aboveQuote, lockOf } from './quote-lock.js';
import { QuoteStore } from './quote-store.js';
import { refusal } from './routing-refusal.js';
import type { WholeJob } from './rows.js';
import { NO_BOUNDS, unpaid, withinBudgets, type Means } from './within-budgets.js';

type Planned = Extract<Route, { readonly stages: unknown }>;

/** How long an upload may be missing before its job fails. */
const UPLOAD_SECONDS = 86_400;

/** Takes a job in: reads it, finds out who could run it, writes it. What cannot be run by anybody is refused here. */
@Injectable()
export class AcceptService {
  constructor(
    private readonly store: JobStore,
    private readonly reader: JobReader,
    private readonly router: RouterService,
    private readonly inputFiles: InputFilesService,
    private readonly quotes: QuoteStore,
  ) {}

  async accept(tenant: string, body: JobBody, claim?: Claim, key: string = ADMIN_KEY): Promise<WholeJob> {
    const { found, credentials, webhookSecret, ...read } = await this.reader.read(tenant, body);
    const graph = await this.bound(tenant, read.graph);
    const first = this.plan(graph, body, { tenant, key, tag: graph.tag }, NO_BOUNDS);
    const files = await this.inputFiles.keep(graph, found);
    const awaitsUploads = graph.inputs.some((input) => input.type === 'upload');
    const make = ({ stages, decision }: Planned): NewJob => ({
      id: uuidv7(),
      tenant,
      key,
      graph: withoutBytes(graph),
      stages: stages.map((stage) => ({ ...stage, id: uuidv7() })),
      decision,
      files,
      credentials,
      webhookSecret,
      awaitsUploads,
      ...(claim === undefined ? {} : { claim }),
      deadlineSeconds: awaitsUploads ? UPLOAD_SECONDS : graph.routing.deadlineSeconds,
      events: [
        { type: 'job.created', cause: 'caller', detail: { inputs: graph.inputs.length, steps: graph.steps.length } },
        { type: 'plan.decided', cause: 'caller', detail: { stages: stages.map(({ provider, stepIds }) => ({ provider, steps: stepIds })) } },
        ...(awaitsUploads ? [] : [{ type: 'job.queued', cause: 'caller' as const }]),
      ],
    });
    return withinBudgets((plan: Planned) => this.store.insert(make(plan)), (means) => (means === NO_BOUNDS ? first : this.plan(graph, body, { tenant, key, tag: graph.tag }, means))).catch(async (error: unknown) => {
      // A commit whose answer was lost may have been made: then these bytes are the job's.
      if (databaseTrouble(error) === null) await this.inputFiles.drop(files);
      throw error;
    });
  }

  /** A job that names a quote keeps to it. */
  private async bound(tenant: string, graph: JobGraph): Promise<JobGraph> {
    if (graph.routing.quoteId === null) return graph;
    const lock = lockOf(await this.quotes.find(tenant, graph.routing.quoteId), graph);
    if ('pointer' in lock) throw invalidRequest([lock]);
    return { ...graph, quoted: lock };
  }

  private plan(graph: JobGraph, body: JobBody, payer: Payer, means: Means): Planned | null {
    const route = this.reader.route(graph, body, payer, means);
    if (!('stages' in route)) {
      if (means.left !== null) return null;
      throw unpaid(route, () => this.router.route(graph, graph.steps)) ?? refusal(route, graph, body, (step) => this.router.nearest(graph, step));
    }
    const above = graph.quoted === undefined ? null : aboveQuote(graph.quoted, route.decision);
    if (above !== null) throw invalidRequest([above]);
    return route;
  }
}

function withoutBytes(graph: JobGraph): JobGraph {
  return { ...graph, inputs: graph.inputs.map((input) => (input.type === 'base64' ? { ...input, data: '' } : input)) };
}
