import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Problem } from '../http/problem.js';
import { KeyTaken, type Claim } from './idempotency-claim.js';
import { HOLD_SECONDS, IdempotencyStore, type Answer, type Hold, type KeyedRequest } from './idempotency-store.js';
import type { WholeJob } from './rows.js';

/** What a route does for a request that makes a job. An answer is stored, a thrown problem is not. */
export interface KeyedWork {
  /** Makes the job, with the claim in its own statement. */
  first(claim: Claim): Promise<Answer>;
  /** Goes on with the job of a request that did not live to answer. */
  resume(jobId: string): Promise<Answer>;
  /** What to answer when it can be said with the job's insert: then there is nothing to wait for, and one commit does for all. */
  readonly atOnce?: (job: WholeJob) => Answer;
  /** Before a stored answer is given again: throws `mismatch()` where the request is another one for a reason that the fingerprint does not hold. */
  compare?(jobId: string): Promise<void>;
}

/** Tells that the job is an earlier request's. */
const REPLAYED = { 'idempotency-replayed': 'true' } as const;
const replayed = (answer: Answer): Answer => ({ ...answer, headers: { ...answer.headers, ...REPLAYED } });

const RENEW_MS = (HOLD_SECONDS * 1000) / 3;
const RETRY_SECONDS = 2;
const MOST_TURNS = 5;

/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): however often a request comes, and to however many replicas, it makes one job.
 * The key's row commits with the job or not at all, so that no crash can part them, and the unique row decides who was first.
 */
@Injectable()
export class IdempotencyService {
  private readonly holds = new Set<Hold>();
  private heartbeat: NodeJS.Timeout | undefined;

  constructor(private readonly store: IdempotencyStore) {}

  /** Throws `idempotency_in_progress`, `idempotency_mismatch`, and what `work` throws. */
  async once(request: KeyedRequest, work: KeyedWork): Promise<Answer> {
    const hold: Hold = { tenant: request.tenant, key: request.key, holder: uuidv7() };
    for (let turn = 0; turn < MOST_TURNS; turn += 1) {
      const earlier = await this.store.find(request);
      if (earlier === null) {
        try {
          return await this.first(request, hold, work);
        } catch (error) {
          if (!(error instanceof KeyTaken)) throw error;
          await this.store.dropExpired(request);
          continue;
        }
      }
      const { jobId, fingerprint, answer } = earlier;
      if (fingerprint !== request.fingerprint) throw mismatch();
      if (answer !== null) {
        await work.compare?.(jobId);
        return replayed(answer);
      }
      if (!(await this.store.take(hold))) throw inProgress();
      return replayed(await this.held(hold, () => work.resume(jobId)));
    }
    throw inProgress();
  }

  private first(request: KeyedRequest, hold: Hold, work: KeyedWork): Promise<Answer> {
    if (work.atOnce !== undefined) return work.first({ ...request, holder: null, answer: work.atOnce });
    return this.held(hold, () => work.first({ ...request, holder: hold.holder, answer: null }));
  }

  /** Keeps the key while `answering` runs, and stores what it comes to. */
  private async held(hold: Hold, answering: () => Promise<Answer>): Promise<Answer> {
    this.holds.add(hold);
    this.heartbeat ??= setInterval(() => void this.store.renew([...this.holds]).catch(() => undefined), RENEW_MS);
    try {
      const answer = await answering();
      // Whoever hears of a fault that may pass repeats the request so that it is done again.
      if (answer.status >= 500 || answer.status === 429) await this.store.forget(hold);
      else await this.store.answer(hold, answer);
      return answer;
    } catch (error) {
      if (!(error instanceof KeyTaken)) await this.store.release(hold).catch(() => undefined);
      throw error;
    } finally {
      this.holds.delete(hold);
      if (this.holds.size === 0) {
        clearInterval(this.heartbeat);
        this.heartbeat = undefined;
      }
    }
  }
}

export const mismatch = (): Problem => new Problem('idempotency_mismatch', 'The Idempotency-Key was used for another request in the last 24 hours: method, address, query, fields or file differ. Send a new key with a new request.');

const inProgress = (): Problem =>
  new Problem('idempotency_in_progress', 'The first request with this Idempotency-Key is not answered yet. Ask again after Retry-After seconds.', { headers: { 'retry-after': String(RETRY_SECONDS) } });
