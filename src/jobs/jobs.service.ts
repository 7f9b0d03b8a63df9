import { Injectable } from '@nestjs/common';
import type { JobBody } from '../conversion/job-body.js';
import { readCursor, toCursor, UUID } from '../http/paging.js';
import { notFound } from '../http/problem.js';
import { PublicAddress } from '../http/public-address.js';
import { AcceptService } from './accept.service.js';
import type { ListJobsQuery } from './dto/list-query.dto.js';
import type { Claim } from './idempotency-claim.js';
import { JobRefresh } from './job-refresh.js';
import { JobStore } from './job-store.js';
import { toJobView } from './job-view.js';
import type { WholeJob } from './rows.js';
import { hasEnded } from './states.js';
import { WaitingService } from './waiting.service.js';

@Injectable()
export class JobsService {
  constructor(
    private readonly accepts: AcceptService,
    private readonly store: JobStore,
    private readonly waiting: WaitingService,
    private readonly address: PublicAddress,
    private readonly refresh: JobRefresh,
  ) {}

  create(tenant: string, body: JobBody, claim?: Claim, key?: string): Promise<WholeJob> {
    return this.accepts.accept(tenant, body, claim, key);
  }

  /** Throws `not_found`, for another tenant's job too. */
  async read(tenant: string, id: string): Promise<WholeJob> {
    const job = UUID.test(id) ? await this.find(tenant, id) : null;
    if (job === null) throw notFound('job');
    return job;
  }

  /** The job once it has ended; null when it had not within `ms`. */
  untilEnded(tenant: string, id: string, ms: number, signal: AbortSignal): Promise<WholeJob | null> {
    const read = async () => {
      const job = await this.find(tenant, id);
      return job !== null && hasEnded(job.status) ? job : null;
    };
    return this.waiting.until(id, ms, read, signal);
  }

  async list(tenant: string, query: ListJobsQuery): Promise<object> {
    const before = readCursor(query.cursor, UUID);
    const { limit, status, tag, provider } = query;
    const createdAfter = query.createdAfter === undefined ? undefined : new Date(query.createdAfter);
    const createdBefore = query.createdBefore === undefined ? undefined : new Date(query.createdBefore);
    const jobs = await this.store.list({ tenant, status, tag, provider, createdAfter, createdBefore, before, limit: limit + 1 });
    const page = jobs.slice(0, limit);
    const last = page.at(-1);
    return { data: page.map((job) => this.view(job)), nextCursor: jobs.length > limit && last !== undefined ? toCursor(last.id) : null };
  }

  private async find(tenant: string, id: string): Promise<WholeJob | null> {
    const job = await this.store.find(tenant, id);
    if (job?.stale === true) this.refresh.ask(id);
    return job;
  }

  view(job: WholeJob): object {
    return toJobView(job, this.address.url);
  }
}
