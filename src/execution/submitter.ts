import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { ProviderError } from '../conversion/errors.js';
import type { Content, CreatedJob } from '../conversion/provider.js';
import { Staging } from '../files/staging.js';
import { PublicAddress } from '../http/public-address.js';
import { Unsealable } from '../platform/sealing.js';
import type { RegisteredProvider } from '../providers/registry.js';
import { AttemptStore } from './attempt-store.js';
import { idleLimit, patienceMs } from './patience.js';
import { UNUSABLE } from './plain-words.js';
import { PollPace } from './poll-pace.js';
import type { LiveAttempt, Scene } from './scene.js';
import { SourceFetcher } from './source-fetcher.service.js';
import { expectedOf, prepareWork, type PreparedWork } from './stage-work.js';
import { LeaseLost } from './stage-store.js';

const CREDENTIAL_UNUSABLE = 'The credentials that were sent with this job cannot be opened: the gateway\'s SECRETS_KEY is not the one that sealed them, or what is stored was changed.';

/** Brings a stage to a provider: commits the intent, creates the vendor's job, sends the files, lets it run. */
@Injectable()
export class Submitter {
  constructor(
    private readonly attempts: AttemptStore,
    private readonly staging: Staging,
    private readonly sources: SourceFetcher,
    private readonly address: PublicAddress,
    private readonly pace: PollPace,
  ) {}

  /** The attempt that is now `submitting`; null when the provider is full. */
  async begin(scene: Scene, provider: RegisteredProvider): Promise<LiveAttempt | null> {
    // 192 random bits: it is the token in the callback's address, and how the vendor's job is found again.
    const reference = randomBytes(24).toString('base64url');
    return this.attempts.begin(scene, { id: uuidv7(), reference }, provider.config.maxConcurrent ?? null);
  }

  /** Goes on from where the attempt stands. Throws `ProviderError` when the provider did not take it, `LeaseLost` when it is no longer ours. */
  async submit(scene: Scene, attempt: LiveAttempt, provider: RegisteredProvider, resumed: boolean, signal: AbortSignal): Promise<void> {
    const { adapter, traits } = provider.guarded.inner;
    // Before anything else can fail: it would look as if nothing had been created.
    if (resumed && attempt.providerJobId === null && traits.startsOnCreate) {
      throw new ProviderError('unavailable', 'The answer to the create was lost with the process that waited for it.', { code: 'create_lost', created: 'unknown' });
    }
    const prepared = await this.prepare(scene, adapter, this.callbackUrl(attempt, provider), attempt.reference, signal);
    const created = attempt.providerJobId === null ? await this.create(scene, attempt, provider, prepared, signal) : resume(attempt.providerJobId, attempt.uploaded, prepared);
    for (const key of created.awaitsUploads) {
      const content = prepared.contents.get(key);
      if (content === undefined) throw new ProviderError('malformed_response', 'The provider waits for a file that is not part of this stage.');
      await this.upload(provider, prepared, created, key, content, signal);
      await this.attempts.uploaded(scene, attempt.id, key);
    }
    await provider.guarded.start(created, signal);
    const { pollAfterMs, staleAfterMs } = this.pace.next(provider, attempt, idleLimit(attempt, expectedOf(scene)));
    await this.attempts.running(scene, attempt.id, created.providerJobId, pollAfterMs, staleAfterMs, patienceMs(expectedOf(scene)));
  }

  private async prepare(scene: Scene, adapter: string, callbackUrl: string | null, reference: string, signal: AbortSignal): Promise<PreparedWork> {
    try {
      return await prepareWork(scene, adapter, callbackUrl, reference, {
        open: (path) => this.staging.open(path),
        read: (path) => buffer(this.staging.open(path)),
        fetch: (input, headers) => this.sources.fetch(scene.job.id, input, headers, signal),
        credentials: () => scene.credentials(),
      });
    } catch (error) {
      if (!(error instanceof Unsealable)) throw error;
      throw new ProviderError('invalid_input', `${CREDENTIAL_UNUSABLE} Send the job again with its credentials.`, { code: UNUSABLE, created: 'not_created' });
    }
  }

  private async create(scene: Scene, attempt: LiveAttempt, provider: RegisteredProvider, { work }: PreparedWork, signal: AbortSignal): Promise<CreatedJob> {
    if (performance.now() > scene.lease.heldUntil) throw new LeaseLost(`the lease of attempt ${attempt.id} ran out before its create`);
    const created = await provider.guarded.create(work, signal);
    if (await this.attempts.created(scene, attempt.id, created.providerJobId)) return created;
    const goesOn = await this.attempts.createdLate(scene, attempt, created.providerJobId, provider.guarded.inner.traits.startsOnCreate);
    if (!goesOn) {
      await this.attempts.leftBehind(attempt.id);
      await provider.guarded.cancel(created.providerJobId, signal).catch(() => undefined);
    }
    throw new LeaseLost(`attempt ${attempt.id} was taken over while its create was answered`);
  }

  /** Whether a file came in whose upload was not answered, the vendor's job tells: it is read, and the file sent once more if it did not. */
  private async upload({ guarded }: RegisteredProvider, { work }: PreparedWork, created: CreatedJob, key: string, content: Content, signal: AbortSignal): Promise<void> {
    try {
      await guarded.upload(work, created, key, content, signal);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.details.created !== 'unknown' || signal.aborted) throw error;
      await guarded.upload(work, { ...created, notes: {} }, key, content, signal);
    }
  }

  private callbackUrl(attempt: LiveAttempt, provider: RegisteredProvider): string | null {
    const base = provider.guarded.inner.traits.callbacks === 'job' ? this.address.callbackBase(provider.config.baseUrl) : null;
    return base === null ? null : `${base}/v1/callbacks/${encodeURIComponent(provider.id)}/${attempt.reference}`;
  }
}

/** The vendor's job exists: it still waits for the uploads that are not written down. Whether the first of them came in all the same, the adapter finds out. */
function resume(providerJobId: string, uploaded: readonly string[], { contents }: PreparedWork): CreatedJob {
  return { providerJobId, awaitsUploads: [...contents.keys()].filter((key) => !uploaded.includes(key)), notes: {} };
}
