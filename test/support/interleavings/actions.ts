import fc from 'fast-check';
import { ERROR_KINDS } from '../../../src/conversion/errors.js';
import { CALM, type Script, type Stop, type Telling } from './script.js';

const SHAPES = ['single', 'chain', 'diamond', 'upload', 'export', 'chain with export'] as const;
const PROVIDER_IDS = ['flat', 'eager', 'whole'] as const;
type ProviderId = (typeof PROVIDER_IDS)[number];

/** What may happen to the service, from outside and inside. `pick` chooses among what there is. */
export type Action =
  | { readonly do: 'accept'; readonly shape: (typeof SHAPES)[number]; readonly prefer: ProviderId; readonly webhook: boolean; readonly maxAttempts: number }
  /** A worker claims what is due, after a while, and works on it. */
  | { readonly do: 'work'; readonly scripts: readonly Script[] }
  /** A worker claims, and then hangs before it has looked. */
  | { readonly do: 'claim' }
  /** It comes back; or works once more on what it saw long ago. */
  | { readonly do: 'late'; readonly pick: number; readonly script: Script }
  /** One that stopped in the middle of a call goes on. */
  | { readonly do: 'thaw'; readonly pick: number }
  /** Every lease runs out. */
  | { readonly do: 'expire' }
  | { readonly do: 'callback'; readonly pick: number; readonly body: string; readonly signed: boolean }
  | { readonly do: 'upload'; readonly pick: number }
  | { readonly do: 'cancel'; readonly pick: number }
  | { readonly do: 'retry'; readonly pick: number }
  /** An operator takes a provider out, or puts it back. */
  | { readonly do: 'configure'; readonly provider: ProviderId; readonly there: boolean }
  /** A job's deadline passes. */
  | { readonly do: 'overdue'; readonly pick: number }
  /** An hour in which vendors tell nothing. */
  | { readonly do: 'silence' }
  | { readonly do: 'orphans' }
  | { readonly do: 'deliver'; readonly status: number | null; readonly late: boolean }
  | { readonly do: 'both'; readonly one: Action; readonly other: Action };

const kinds = fc.constantFrom(...ERROR_KINDS);
/** Half of the time all is well, so that jobs come far enough to meet the rest. */
const mostly = <T>(usual: T, rare: fc.Arbitrary<T>): fc.Arbitrary<T> => fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rare });

const telling: fc.Arbitrary<Telling> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ as: fc.constant('succeeded' as const), refusal: mostly<string | null>(null, fc.constant('No such bucket.')) }) },
  { weight: 3, arbitrary: fc.record({ as: fc.constant('running' as const), progress: fc.option(fc.integer({ min: 0, max: 100 })), word: fc.constantFrom('busy', 'queued', 'teleporting', 'completed?') }) },
  { weight: 3, arbitrary: fc.record({ as: fc.constant('failed' as const), kind: kinds }) },
  { weight: 1, arbitrary: fc.constant({ as: 'canceled' as const }) },
  { weight: 1, arbitrary: fc.record({ as: fc.constant('unreadable' as const), kind: fc.constantFrom('unavailable' as const, 'vanished' as const, 'malformed_response' as const) }) },
);

const script: fc.Arbitrary<Script> = fc.record({
  create: mostly<Script['create']>('made', fc.oneof(fc.constantFrom('made, answer lost' as const, 'answer lost' as const), kinds)),
  start: mostly<Script['start']>('ok', kinds),
  read: telling,
  keep: mostly<Script['keep']>('ok', fc.constantFrom('output_invalid', 'unavailable', 'no room')),
  find: mostly<Script['find']>('truth', fc.constant('cannot')),
  stopsAt: mostly<Stop | null>(null, fc.constantFrom('before create', 'after create', 'start', 'read', 'keep', 'find')),
});

const pick = fc.nat({ max: 9 });
const what = <T extends string>(name: T) => fc.constant(name);

const accept: fc.Arbitrary<Action> = fc.record({
  do: what('accept'), shape: fc.constantFrom(...SHAPES), prefer: fc.constantFrom(...PROVIDER_IDS), webhook: fc.boolean(), maxAttempts: fc.integer({ min: 1, max: 4 }),
});

const simple: fc.Arbitrary<Action> = fc.oneof(
  { weight: 3, arbitrary: accept },
  { weight: 12, arbitrary: fc.record({ do: what('work'), scripts: fc.array(script, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ do: what('claim') }) },
  { weight: 2, arbitrary: fc.record({ do: what('late'), pick, script }) },
  { weight: 2, arbitrary: fc.record({ do: what('thaw'), pick }) },
  { weight: 3, arbitrary: fc.record({ do: what('expire') }) },
  { weight: 2, arbitrary: fc.record({ do: what('callback'), pick, body: fc.constantFrom('done', 'canceled', 'x', ''), signed: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: what('upload'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: what('cancel'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: what('retry'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: what('configure'), provider: fc.constantFrom(...PROVIDER_IDS), there: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: what('overdue'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: what('silence') }) },
  { weight: 1, arbitrary: fc.record({ do: what('orphans') }) },
  { weight: 2, arbitrary: fc.record({ do: what('deliver'), status: fc.constantFrom(200, 500, 410, null), late: fc.boolean() }) },
);

export const actions: fc.Arbitrary<readonly Action[]> = fc
  .tuple(accept, fc.array(fc.oneof({ weight: 5, arbitrary: simple }, { weight: 1, arbitrary: fc.record({ do: what('both'), one: simple, other: simple }) }), { minLength: 4, maxLength: 29 }))
  .map(([first, others]) => [first, ...others]);

/** A script for hand-made stories. */
export const saying = (more: Partial<Script>): Script => ({ ...CALM, ...more });
