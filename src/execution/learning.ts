import { Decimal } from 'decimal.js';
import { categoryOf } from '../conversion/formats.js';
import { formatsInto, formatsOf } from '../conversion/graph-formats.js';
import type { ProviderError } from '../conversion/errors.js';
import type { JobGraph, Step } from '../conversion/job-graph.js';
import { Lately } from '../platform/lately.js';
import type { Sql } from '../platform/sql.js';
import { recordRefused, recordWorked, type TriedPair } from '../routing/learned-pairs.js';
import { recordWork, type WorkKind } from '../routing/learned-prices.js';
import { sizeClass } from '../routing/learned-work.js';
import { timesPaid } from '../routing/pricing.js';
import { planSteps } from '../routing/wishes.js';
import type { Scene } from './scene.js';

/** Kinds of work of which enough was learned a moment ago, as far as this process knows. */
const enough = new WeakMap<Sql, Lately>();
/** Less than the minute for which it is enough. */
const ENOUGH_MS = 30_000;

/** What one try was. */
interface Done {
  readonly attempt: string;
  readonly provider: string;
  readonly credits: number | null;
}

type Tried = Pick<Scene, 'stepIds'> & { readonly job: { readonly id: string; readonly graph: Pick<JobGraph, 'inputs' | 'steps'> } };

/** Notes that every pair of a stage worked at a provider, and what it took. What is learned is a gain and no part of the job: a database that is away loses it. */
export async function learnFromSuccess(sql: Sql, scene: Scene, { attempt, provider, credits }: Done): Promise<void> {
  const known = enough.get(sql) ?? new Lately();
  enough.set(sql, known);
  const pairs = stepsOf(scene).flatMap((step) => pairsOf(step, scene.job.graph));
  try {
    await recordWorked(sql, provider, pairs);
    const work = workOf(scene, credits);
    if (work === null) return;
    const key = JSON.stringify([provider, work.kind]);
    if (!known.has(key) && !(await recordWork(sql, attempt, work.kind, work.credits))) known.note(key, ENOUGH_MS);
  } catch {
    // The next success says it again.
  }
}

/** Only where it is plain what it was that took so long, and was paid: one step, over files of one format, as many as one knows. */
function workOf({ job, stepIds }: Scene, credits: number | null): { readonly kind: WorkKind; readonly credits: number | null } | null {
  const { inputs, steps } = job.graph;
  const sizes = new Map(job.inputs.flatMap(({ id, file_id }) => job.files.filter((file) => file.id === file_id).map((file) => [id, Number(file.size)] as const)));
  const [step, ...otherSteps] = planSteps({ inputs, exports: [] }, steps, formatsOf(inputs, steps), sizes).filter(({ id }) => stepIds.includes(id));
  const [wish, ...otherWishes] = step?.wishes ?? [];
  if (wish === undefined || otherSteps.length > 0 || otherWishes.length > 0) return null;
  const times = timesPaid(wish);
  const { to } = wish.parameters;
  // A name that is no format tells nothing.
  if (times.most !== times.least || times.least === 0 || (wish.from !== null && categoryOf(wish.from) === null)) return null;
  return { kind: { operation: wish.operation, from: wish.from, to: typeof to === 'string' ? to : null, size: sizeClass(wish.bytes) }, credits: credits === null ? null : new Decimal(credits).div(times.least).toDecimalPlaces(8).toNumber() };
}

/**
 * Notes what a vendor refused as unknown to it, where it is plain what it refused: one step, of one format, without a wish of the caller's that may have
 * been the reason. Its catalogue may have changed, so it is asked for anew whatever was refused.
 */
export async function learnFromRefusal(sql: Sql, scene: Tried, provider: string, error: ProviderError): Promise<void> {
  // Without a code it is our own adapter that could not say it, and no word of the vendor's.
  if (error.kind !== 'unsupported' || error.code === null) return;
  const [pair, ...others] = stepsOf(scene).flatMap((step) => (isPlain(step) ? pairsOf(step, scene.job.graph) : []));
  try {
    if (pair !== undefined && others.length === 0 && scene.stepIds.length === 1) await recordRefused(sql, provider, pair, scene.job.id, error.details.created === 'not_created');
    await sql.query(`SELECT pg_notify('conversion_refusal', $1)`, [provider]);
  } catch {
    // The next refusal says it again.
  }
}

function stepsOf({ stepIds, job }: Tried): readonly Step[] {
  return job.graph.steps.filter(({ id }) => stepIds.includes(id));
}

/** One for each format that goes in; a name that is no format tells nothing. */
function pairsOf(step: Step, { inputs, steps }: Pick<JobGraph, 'inputs' | 'steps'>): readonly TriedPair[] {
  const { to } = step.parameters;
  const froms = new Set(formatsInto(step, formatsOf(inputs, steps)));
  return [...froms].filter((from) => from !== null && categoryOf(from) !== null).map((from) => ({ operation: step.operation, from: from ?? '', to: typeof to === 'string' ? to : null }));
}

function isPlain({ options, providerOptions }: Step): boolean {
  return [options, ...Object.values(providerOptions)].every((said) => Object.keys(said).length === 0);
}
