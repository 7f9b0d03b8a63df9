import { Inject, Injectable } from '@nestjs/common';
import { Env } from '../platform/env.js';
import { pollOf } from '../providers/provider-config.js';
import type { RegisteredProvider } from '../providers/registry.js';
import { pollDelay } from './patience.js';
import type { LiveAttempt } from './scene.js';

/** When an attempt is read again by itself, and from when on a caller's interest brings that forward. */
export interface NextLook {
  readonly pollAfterMs: number;
  readonly staleAfterMs: number;
}

/** A caller who asks again and again has the vendor asked no faster than this. */
const SHORTEST_STALE_MS = 2000;

/** How often the attempts at a provider are read one by one: along its curve, and far less often while its list of jobs is read instead. */
@Injectable()
export class PollPace {
  private readonly covered = new Map<string, { readonly until: number; readonly pauseMs: number }>();

  constructor(@Inject(Env) private readonly env: Env) {}

  /** For `ms` from now the provider's list stands for reading each job, which is due after `pauseMs` all the same. */
  cover(providerId: string, ms: number, pauseMs: number): void {
    this.covered.set(providerId, { until: performance.now() + ms, pauseMs });
  }

  /** `leftMs`: after that it has stood still for too long, which must not be found out late. */
  next({ id, config }: RegisteredProvider, { polls, listed }: Pick<LiveAttempt, 'polls' | 'listed'>, leftMs: number): NextLook {
    const { floorMs, ceilingMs } = pollOf(config, this.env);
    const alone = pollDelay(polls, floorMs, ceilingMs, Math.random());
    const cover = this.covered.get(id);
    // What the list says of a job that it calls ended, or shows no more, is of no use: reading it is.
    const isCovered = cover !== undefined && performance.now() < cover.until && listed !== 'ended' && listed !== 'gone';
    const pollAfterMs = isCovered ? Math.max(alone, Math.min(pollDelay(0, cover.pauseMs, cover.pauseMs, Math.random()), leftMs)) : alone;
    return { pollAfterMs, staleAfterMs: Math.max(SHORTEST_STALE_MS, 2 * floorMs) };
  }
}
