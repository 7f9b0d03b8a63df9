import { Injectable } from '@nestjs/common';
import { ProviderError } from '../conversion/errors.js';
import type { RegisteredProvider } from '../providers/registry.js';
import { AttemptStore } from './attempt-store.js';
import type { LiveAttempt, Scene } from './scene.js';
import { SettleService } from './settle.service.js';

/** A job that was created a moment ago may not be listed yet. */
export const FIRST_SEARCH_MS = 1000;
const SECOND_SEARCH_MS = 5000;
const SEARCHES = 2;
/** How long a vendor that cannot be searched is waited for before the work goes elsewhere. */
const UNSEARCHABLE_MS = 60_000;

/** Finds out what became of a create that was never answered, at a vendor where a create is a start: sending it again at once could pay twice. */
@Injectable()
export class Seeker {
  constructor(
    private readonly attempts: AttemptStore,
    private readonly settle: SettleService,
  ) {}

  async seek(scene: Scene, attempt: LiveAttempt, { guarded }: RegisteredProvider, signal: AbortSignal): Promise<void> {
    try {
      const found = await guarded.find(attempt.reference, signal);
      if (found !== null) return await this.attempts.adopted(scene, attempt, found);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (signal.aborted) return;
      if (attempt.unknownMs < UNSEARCHABLE_MS) return this.attempts.searched(scene, attempt, false, Math.max(SECOND_SEARCH_MS, error.details.retryAfterMs ?? 0));
      const given = new ProviderError('unavailable', `Nobody knows whether the provider took the job: the create was not answered, and its jobs could not be searched since. ${error.message}`, { code: 'create_lost', created: 'unknown' });
      return this.settle.errored(scene, attempt, given, { credits: null }, 'timer', true);
    }
    if (attempt.searches + 1 < SEARCHES) return this.attempts.searched(scene, attempt, true, SECOND_SEARCH_MS);
    const lost = new ProviderError('unavailable', `The create was not answered, and the provider has no job of it: it was searched for ${SEARCHES} times.`, { code: 'create_lost', created: 'not_created' });
    await this.settle.errored(scene, attempt, lost, { credits: null }, 'timer', true);
  }
}
