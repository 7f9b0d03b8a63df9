import { categoryOf } from '../conversion/formats.js';
import { formatsInto, formatsOf } from '../conversion/graph-formats.js';
import type { ProviderError } from '../conversion/errors.js';
import type { JobGraph, Step } from '../conversion/job-graph.js';
import type { Sql } from '../platform/sql.js';
import { recordRefused, recordWorked, type TriedPair } from '../routing/learned-pairs.js';
import type { Scene } from './scene.js';

type Tried = Pick<Scene, 'stepIds'> & { readonly job: { readonly id: string; readonly graph: Pick<JobGraph, 'inputs' | 'steps'> } };

/** Notes that every pair of a stage worked at a provider. What is learned is a gain and no part of the job: a database that is away loses it. */
export async function learnFromSuccess(sql: Sql, scene: Tried, provider: string): Promise<void> {
  const pairs = stepsOf(scene).flatMap((step) => pairsOf(step, scene.job.graph));
  await recordWorked(sql, provider, pairs).catch(() => undefined);
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
