import { Inject, Injectable } from '@nestjs/common';
import type { Payer } from '../accounts/budget.js';
import { Spending } from '../accounts/spending.js';
import type { JobBody } from '../conversion/job-body.js';
import type { JobGraph } from '../conversion/job-graph.js';
import type { Currencies } from '../conversion/money.js';
import { readJob, type SoundJob } from '../conversion/read-job.js';
import { invalidRequest } from '../http/problem.js';
import { checkUrl, EgressRefused, type EgressPolicy } from '../platform/egress.js';
import { Registry } from '../providers/registry.js';
import { lower } from '../routing/ceiling.js';
import { RouterService, type Route } from '../routing/router.service.js';
import { InputFilesService, withNames, type FoundOutput } from './input-files.service.js';
import { NO_BOUNDS, type Means } from './within-budgets.js';

export const INTAKE = Symbol('Intake');

/** The operator's limits on what is taken in. */
export interface Intake {
  readonly egress: EgressPolicy;
  readonly maxUploadBytes: number;
  readonly money: Currencies;
}

export interface ReadBody extends SoundJob {
  readonly found: ReadonlyMap<string, FoundOutput>;
}

/** Reads the body of a job, whether it is to be run or to be quoted. Writes nothing. */
@Injectable()
export class JobReader {
  constructor(
    private readonly registry: Registry,
    private readonly router: RouterService,
    private readonly inputFiles: InputFilesService,
    @Inject(INTAKE) private readonly intake: Intake,
    private readonly spending: Spending = new Spending(),
  ) {}

  /** Throws `invalid_request` with everything that is wrong with it, whoever would run it. */
  async read(tenant: string, body: JobBody): Promise<ReadBody> {
    const read = readJob(body, { providers: this.registry.ids(), adapters: this.registry.adapters(), checkAddress: (url) => this.refusalOf(url), maxUploadBytes: this.intake.maxUploadBytes, money: this.intake.money });
    if ('errors' in read) throw invalidRequest(read.errors);
    const { found, errors } = await this.inputFiles.find(tenant, read.graph);
    if (errors.length > 0) throw invalidRequest(errors);
    return { ...read, graph: withNames(read.graph, found), found };
  }

  /** Who would run it: nobody whose budget is used up. `means`: what is known of budgets besides. Throws `invalid_request` for options that are wrong whoever does. */
  route(graph: JobGraph, body: JobBody, payer: Payer, { out, left }: Means = NO_BOUNDS): Route {
    const look = this.router.look(graph);
    const wrong = this.router.optionErrors(graph, look);
    if (wrong.length > 0) throw invalidRequest(wrong.map(({ step, pointer, message }) => ({ pointer: `/steps/${indexOfStep(step, body)}${pointer}`, message })));
    return this.router.route(graph, graph.steps, graph.steps, [], true, { out: [...this.spending.out(payer), ...out], look, ceiling: lower(graph.ceiling ?? null, left) });
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
}

export function indexOfStep(id: string, body: JobBody): number {
  return body.steps.findIndex((step, position) => (step.id ?? `step-${position + 1}`) === id);
}
