import { ERROR_POLICIES, type ProviderError } from '../conversion/errors.js';
import type { AttemptClock } from './patience.js';

/** Failures that bear a provider's name and are not its own: it was taken out of the configuration, or the gateway stumbled. */
const OURS: ReadonlySet<string | null> = new Set(['removed', 'internal']);

/**
 * Whether a failed attempt speaks against the provider: by its kind, which leaves out what the caller is to blame for. A caller who leaves little time
 * is to blame for an end that came before the work could be expected.
 */
export function speaksAgainst({ kind, code }: Pick<ProviderError, 'kind' | 'code'>, { idleMs }: Pick<AttemptClock, 'idleMs'>, expectedMs: number): boolean {
  if (!ERROR_POLICIES[kind].blamesProvider || OURS.has(code)) return false;
  return code !== 'no_progress' || idleMs >= expectedMs;
}
