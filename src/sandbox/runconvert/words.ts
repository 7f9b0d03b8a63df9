import type { Dialect } from '../settings.js';

/** How a job or task stands, whatever the dialect calls it. */
export type Phase = 'waiting' | 'processing' | 'finished' | 'failed';

/** The document's words, and those of the SDKs' constants. */
const WORDS = {
  docs: { waiting: 'created', processing: 'processing', finished: 'completed', failed: 'failed' },
  sdk: { waiting: 'waiting', processing: 'processing', finished: 'finished', failed: 'error' },
} as const;

export function wordOf(phase: Phase, dialect: Dialect): string {
  return WORDS[dialect][phase];
}

/** The phase that a `status` filter means, in either dialect; null for an unknown word. */
export function phaseOf(word: string): Phase | null {
  const phases: readonly Phase[] = ['waiting', 'processing', 'finished', 'failed'];
  return phases.find((phase) => WORDS.docs[phase] === word || WORDS.sdk[phase] === word) ?? null;
}
