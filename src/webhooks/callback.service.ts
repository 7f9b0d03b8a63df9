import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { shapeOf } from '../conversion/body-shape.js';
import type { CallbackReading, RawCallback } from '../conversion/callback.js';
import { notFound, Problem } from '../http/problem.js';
import { Registry } from '../providers/registry.js';
import { CallbackStore, type Addressed, type Outcome } from './callback-store.js';
import { CallbackTokens, isAccountToken, isAttemptToken } from './callback-tokens.js';

/** How callbacks went: what was kept, and what was not. */
export type CallbackCount = (provider: string, outcome: Outcome | 'duplicate' | 'refused' | 'wrong_token' | 'gone') => void;

const PROVIDER_ID = /^[A-Za-z0-9_-]{1,64}$/;
const KEPT_BYTES = 64 * 1024;
/** Longer ids are none that we know. */
const LONGEST_ID = 200;

/**
 * Takes in what a vendor tells: verify, keep, wake. The token in the address is the attempt's reference, or the account's word, which only we and the
 * vendor know. Whoever works on the attempt then goes by the body where its signature proves it, and asks the vendor where nothing does.
 */
export class CallbackService {
  constructor(
    private readonly store: CallbackStore,
    private readonly registry: Registry,
    private readonly tokens: CallbackTokens,
    private readonly count: CallbackCount,
  ) {}

  async receive(providerId: string, token: string, callback: RawCallback): Promise<void> {
    const possible = PROVIDER_ID.test(providerId);
    const own = possible && isAttemptToken(token) ? await this.store.findByToken(providerId, token) : null;
    if (own === null && !(possible && isAccountToken(token) && (await this.tokens.fits(providerId, token)))) {
      this.count(providerId, 'wrong_token');
      throw notFound('callback');
    }
    const provider = this.registry.find(providerId);
    if (provider === null) {
      this.count(providerId, 'gone');
      throw new Problem('gone', `The provider "${providerId}" is no longer configured.`);
    }
    const reading = provider.guarded.inner.readCallback(callback);
    if (reading.verdict === 'refused') {
      this.count(providerId, 'refused');
      throw new Problem('unauthorized', 'The signature is missing or wrong.');
    }
    // The account's own address: which job it is about, the body tells.
    const told = reading.providerJobId !== null && reading.providerJobId.length <= LONGEST_ID ? reading.providerJobId : null;
    const attempt = own ?? (told === null ? null : await this.store.findByJob(providerId, told));
    const outcome = outcomeOf(attempt, reading, told, callback.body);
    const id = uuidv7();
    const bodyHash = createHash('sha256').update(token).update(callback.body).digest('hex');
    const kept = await this.store.keep({ id, provider: providerId, attempt, providerJobId: told, bodyHash, body: toBody(attempt, outcome, callback.body), outcome });
    // Its create may have been answered while this was written.
    if (kept && outcome === 'unknown_job') await this.store.lookAgain(id);
    this.count(providerId, kept ? outcome : 'duplicate');
  }
}

function outcomeOf(attempt: Addressed | null, { verdict, providerJobId }: Exclude<CallbackReading, { verdict: 'refused' }>, told: string | null, body: Buffer): Outcome {
  if (attempt === null) return told === null ? 'unknown_shape' : 'unknown_job';
  if (providerJobId !== null && attempt.provider_job_id !== null && providerJobId !== attempt.provider_job_id) return 'other_job';
  if (attempt.ended) return 'late';
  // Only a body that is kept whole can speak.
  return verdict === 'proven' && !attempt.credentialed && body.length <= KEPT_BYTES ? 'proven' : 'hint';
}

/**
 * A vendor was given the caller's credentials and may repeat them: of a job that has some, and of one that we do not know, only the shape is kept.
 * PostgreSQL keeps no NUL in text.
 */
function toBody(attempt: Addressed | null, outcome: Outcome, body: Buffer): string {
  if (attempt === null || attempt.credentialed || outcome === 'other_job') return shapeOf(body);
  return body.subarray(0, KEPT_BYTES).toString('utf8').replaceAll('\0', '\uFFFD');
}
