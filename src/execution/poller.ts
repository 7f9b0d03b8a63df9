import { Injectable } from '@nestjs/common';
import { ProviderError } from '../conversion/errors.js';
import type { Report } from '../conversion/provider.js';
import { AttemptEnds } from './attempt-ends.js';
import { AttemptStore } from './attempt-store.js';
import { NO_NEWS } from './kept-callbacks.js';
import { idleLimit, idleTooLong, unreadableTooLong } from './patience.js';
import { PollPace, type NextLook } from './poll-pace.js';
import { deliveriesInPlainWords, inPlainWords } from './plain-words.js';
import type { RegisteredProvider } from '../providers/registry.js';
import type { LiveAttempt, Scene } from './scene.js';
import { SettleService } from './settle.service.js';
import { StageResults, type Source } from './stage-results.js';
import { LeaseLost } from './stage-store.js';
import { expectedOf, stageExports, stageSteps } from './stage-work.js';

type Success = Extract<Report, { readonly state: 'succeeded' }>;

/** One look at an attempt, and why it is made. */
type Turn = Source;

/** Asks a provider how an attempt stands, and takes in what it says. */
@Injectable()
export class Poller {
  constructor(
    private readonly attempts: AttemptStore,
    private readonly settle: SettleService,
    private readonly results: StageResults,
    private readonly pace: PollPace,
    private readonly ends: AttemptEnds,
  ) {}

  async poll(scene: Scene, attempt: LiveAttempt, provider: RegisteredProvider, signal: AbortSignal): Promise<void> {
    const { job: whole } = scene;
    const asked = { job: whole, stepIds: attempt.stepIds };
    const job = { providerJobId: attempt.providerJobId ?? '', reference: attempt.reference, steps: stageSteps(asked, provider.guarded.inner.adapter), exports: stageExports(asked) };
    const { cause, proven } = scene.lease.hinted ? await this.attempts.news(scene, attempt) : NO_NEWS;
    const turn: Turn = { scene, attempt, provider, cause, signal };
    try {
      const told = endTold(proven.map((body) => provider.guarded.readCallbackReport(job, body)));
      if (told !== null && (await this.inTime(turn, told, true))) return;
      await this.inTime(turn, await provider.guarded.read(job, signal), false);
    } catch (error) {
      if (!(error instanceof ProviderError)) throw error;
      if (signal.aborted) return;
      await this.unreadable(turn, await inPlainWords(scene, error));
    }
  }

  /** Where it is too late to move anything, what is true is written down all the same. */
  private async inTime(turn: Turn, report: Report, byBody: boolean): Promise<boolean> {
    try {
      return await this.take(turn, report, byBody);
    } catch (error) {
      const { scene, attempt, provider, cause } = turn;
      if (error instanceof LeaseLost) await this.attempts.endedLate(scene, attempt, provider.config.pricing ?? null, report, cause);
      throw error;
    }
  }

  /** False: what the body of a callback said does not hold, and the vendor has to be asked. */
  private async take(turn: Turn, report: Report, byBody: boolean): Promise<boolean> {
    const { attempt, cause } = turn;
    const scene = report.state === 'succeeded' ? turn.scene : await this.results.keepFinished(turn, report.results ?? []);
    switch (report.state) {
      case 'running': {
        const idleMs = isNews(report, attempt) ? 0 : attempt.idleMs;
        const late = idleTooLong({ ...attempt, idleMs }, expectedOf(scene));
        const { pollAfterMs, staleAfterMs } = this.next({ ...turn, scene }, idleMs);
        await (late !== null ? this.giveUp(scene, attempt, late) : this.attempts.progressed(scene, attempt, report, cause, pollAfterMs, staleAfterMs));
        return true;
      }
      case 'succeeded':
        return this.keep(turn, report, byBody);
      case 'failed':
        await this.settle.errored(scene, attempt, await inPlainWords(scene, report.error), report.cost, cause);
        return true;
      case 'canceled':
        await this.settle.errored(scene, attempt, new ProviderError('unavailable', 'The provider canceled its job.', { code: 'canceled' }), report.cost, cause);
        return true;
      default:
        return report satisfies never;
    }
  }

  private async keep(turn: Turn, { results, deliveries, cost }: Success, byBody: boolean): Promise<boolean> {
    const { scene, attempt, cause } = turn;
    try {
      await this.results.keep(turn, this.results.wanted(scene, results), async (files) => this.settle.succeeded(scene, attempt, { files, deliveries: await deliveriesInPlainWords(scene, deliveries), cost }, cause));
      return true;
    } catch (error) {
      if (!(error instanceof ProviderError) || error.kind !== 'output_invalid') throw error;
      // A body that was kept for long names files that have moved since.
      if (byBody) return false;
      await this.settle.errored(scene, attempt, error, cost, cause);
      return true;
    }
  }

  private async unreadable(turn: Turn, error: ProviderError): Promise<void> {
    const { scene, attempt, cause } = turn;
    const clock = { ...attempt, readFailures: attempt.readFailures + 1 };
    const late = unreadableTooLong(error, clock) ? error : idleTooLong(attempt, expectedOf(scene));
    if (late !== null) return this.giveUp(scene, attempt, late);
    if (attempt.readFailures === 0) this.ends.puzzled(scene, attempt, error);
    await this.attempts.unreadable(scene, attempt, error, cause, Math.max(this.next(turn, attempt.idleMs).pollAfterMs, error.details.retryAfterMs ?? 0));
  }

  /** The attempt left behind is canceled at the vendor where that can be done; here it is over in any case. */
  private async giveUp(scene: Scene, attempt: LiveAttempt, error: ProviderError): Promise<void> {
    await this.settle.errored(scene, attempt, error, { credits: null }, 'timer', true);
  }

  private next({ scene, attempt, provider }: Turn, idleMs: number): NextLook {
    return this.pace.next(provider, attempt, idleLimit(attempt, expectedOf(scene)) - idleMs);
  }
}

/** Only ends: a body that tells of a job under way may be older than what is known by now, and the vendor knows better. One end overtakes whatever came after it. */
function endTold(reports: readonly (Report | null)[]): Report | null {
  return reports.find((report) => report !== null && report.state !== 'running') ?? null;
}

/** An attempt that moved while nobody looked has not stood still, however late that is seen. */
function isNews(report: Extract<Report, { readonly state: 'running' }>, { word, progress }: LiveAttempt): boolean {
  return report.word.slice(0, 64) !== word || (report.progress !== null && report.progress !== progress);
}
