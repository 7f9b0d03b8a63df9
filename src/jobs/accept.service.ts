import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { FieldError, JobBody } from '../conversion/job-body.js';
import { outputSteps, type JobGraph } from '../conversion/job-graph.js';
import { readJob } from '../conversion/read-job.js';
import { invalidRequest, Problem } from '../http/problem.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { checkUrl, EgressRefused, type EgressPolicy } from '../platform/egress.js';
import { Registry } from '../providers/registry.js';
import { RouterService, type Route } from '../routing/router.service.js';
import type { Claim } from './idempotency-claim.js';
import { InputFilesService, withNames } from './input-files.service.js';
import { JobStore, type NewJob } from './job-store.js';
import type { WholeJob } from './rows.js';

/** How long an upload may be missing before its job fails. */
const UPLOAD_SECONDS = 86_400;

export const INTAKE = Symbol('Intake');

/** The operator's limits on what is taken in. */
export interface Intake {
  readonly egress: EgressPolicy;
  readonly maxUploadBytes: number;
}

/** Takes a job in: reads it, finds out who could run it, writes it. What cannot be run by anybody is refused here. */
@Injectable()
export class AcceptService {
  constructor(
    private readonly store: JobStore,
    private readonly registry: Registry,
    private readonly router: RouterService,
    private readonly inputFiles: InputFilesService,
    @Inject(INTAKE) private readonly intake: Intake,
  ) {}

  async accept(tenant: string, body: JobBody, claim?: Claim): Promise<WholeJob> {
    const read = readJob(body, { providers: this.registry.ids(), adapters: this.registry.adapters(), checkAddress: (url) => this.refusalOf(url), maxUploadBytes: this.intake.maxUploadBytes });
    if ('errors' in read) throw invalidRequest(read.errors);
    const { found, errors } = await this.inputFiles.find(tenant, read.graph);
    if (errors.length > 0) throw invalidRequest(errors);
    const { credentials, webhookSecret } = read;
    const graph = withNames(read.graph, found);
    const stages = this.plan(graph, body);
    const files = await this.inputFiles.keep(graph, found);
    const awaitsUploads = graph.inputs.some((input) => input.type === 'upload');
    const id = uuidv7();
    const job: NewJob = {
      id,
      tenant,
      graph: withoutBytes(graph),
      stages: stages.map((stage) => ({ ...stage, id: uuidv7() })),
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
    };
    return this.store.insert(job).catch(async (error: unknown) => {
      // A commit whose answer was lost may have been made: then these bytes are the job's.
      if (databaseTrouble(error) === null) await this.inputFiles.drop(files);
      throw error;
    });
  }

  private refusalOf(url: string): string | null {
    try {
      checkUrl(url, this.intake.egress);
      return null;
    } catch (error) {
      if (error instanceof EgressRefused) return error.message;
      throw error;
    }
  }

  private plan(graph: JobGraph, body: JobBody) {
    const wrong = this.router.optionErrors(graph);
    if (wrong.length > 0) throw invalidRequest(wrong.map(({ step, pointer, message }) => ({ pointer: `/steps/${indexOfStep(step, body)}${pointer}`, message })));
    const route = this.router.route(graph, graph.steps);
    if ('stages' in route) return route.stages;
    throw refusal(route, graph, body, (step) => this.router.nearest(graph, step));
  }
}

function withoutBytes(graph: JobGraph): JobGraph {
  return { ...graph, inputs: graph.inputs.map((input) => (input.type === 'base64' ? { ...input, data: '' } : input)) };
}

/** Nobody offers it, or those who do are left out by the caller's own wishes: two different things to mend. */
function refusal(route: Extract<Route, { refusals: unknown }>, graph: JobGraph, body: JobBody, nearest: (step: string) => string | null): Problem {
  const reasons = new Map<string, string[]>();
  for (const { step, place, at, provider, reason } of route.refusals) {
    const pointer = at === undefined ? pointerOf(step, place, graph, body) : `/steps/${indexOfStep(step, body)}${at}`;
    reasons.set(pointer, [...(reasons.get(pointer) ?? []), `${provider}: ${reason}`]);
  }
  for (const step of new Set(route.refusals.filter(({ place, at }) => place === undefined && at === undefined).map((refused) => refused.step))) {
    const works = nearest(step);
    if (works !== null) reasons.get(pointerOf(step, undefined, graph, body))?.push(works);
  }
  const errors: FieldError[] = [...reasons].map(([pointer, said]) => ({ pointer, message: [...new Set(said)].join(' ') }));
  if (graph.routing.strict && route.refusals.some(({ at }) => at !== undefined)) return new Problem('no_eligible_provider', errors.map(({ message }) => message).join(' '), { errors });
  if (route.exclusions.length > 0) {
    const who = [...route.exclusions.map(({ message }) => message), ...errors.map(({ message }) => message)].join(' ');
    return new Problem('no_eligible_provider', `No provider that may run this job offers all of it. ${who}`, { errors: [{ pointer: '/routing', message: who }] });
  }
  const names = outputSteps(graph.steps).map(({ id }) => id).join(', ');
  return new Problem('unsupported_conversion', errors.length > 0 ? errors.map(({ message }) => message).join(' ') : `No provider is configured that could make ${names}.`, { errors });
}

function pointerOf(stepId: string, place: string | undefined, graph: JobGraph, body: JobBody): string {
  const input = graph.inputs.findIndex(({ id }) => id === place);
  if (input >= 0) return `/inputs/${input}`;
  const target = graph.exports.findIndex(({ id }) => id === place);
  if (target >= 0) return `/exports/${target}`;
  const index = indexOfStep(stepId, body);
  return body.steps[index]?.to === undefined ? `/steps/${index}` : `/steps/${index}/to`;
}

function indexOfStep(id: string, body: JobBody): number {
  return body.steps.findIndex((step, position) => (step.id ?? `step-${position + 1}`) === id);
}
