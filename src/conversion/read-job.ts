import { wrongCounts } from './file-counts.js';
import { Complaints, type FieldError, type JobBody, type RoutingBody } from './job-body.js';
import { STRATEGIES, type Credentials, type JobGraph, type JobInput, type Routing, type Step } from './job-graph.js';
import { DEFAULT_RETENTION, readRetention } from './retention.js';
import { hasHeaders, isPlace, oneOf } from './places.js';
import { readExports } from './read-exports.js';
import { inCommon, type Currencies } from './money.js';
import { readInputs } from './read-inputs.js';
import type { CheckAddress } from './place-fields.js';
import { readSteps } from './read-steps.js';
import { readWebhook } from './read-webhook.js';
import { orderSteps } from './step-order.js';

export interface Surroundings {
  /** Configured provider ids, and the adapters behind them. */
  readonly providers: readonly string[];
  readonly adapters: readonly string[];
  readonly checkAddress: CheckAddress;
  readonly maxUploadBytes: number;
  readonly money: Currencies;
}

export interface SoundJob {
  readonly graph: JobGraph;
  /** By input or export id. They stand beside the graph from the start, so that nothing that keeps or shows the graph can hold them. */
  readonly credentials: ReadonlyMap<string, Credentials>;
  /** Signs the job's events; null where it has no webhook, or the tenant's secret signs. */
  readonly webhookSecret: string | null;
}

export type ReadJob = SoundJob | { readonly errors: readonly FieldError[] };

export const DEFAULT_ATTEMPTS = 4;
export const DEFAULT_DEADLINE_SECONDS = 3600;

const QUOTE_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Fills in the defaults and checks what a job means. Everything that is wrong is told at once, each at its pointer. */
export function readJob(body: JobBody, around: Surroundings): ReadJob {
  const complaints = new Complaints();
  const inputIds = body.inputs.map((input, index) => input.id ?? `input-${index + 1}`);
  const stepIds = body.steps.map((step, index) => step.id ?? `step-${index + 1}`);
  const exportBodies = body.exports ?? [];
  const exportIds = exportBodies.map((item, index) => item.id ?? `export-${index + 1}`);
  checkIds({ inputs: inputIds, steps: stepIds, exports: exportIds }, body, complaints);
  const inputs = readInputs(body.inputs, inputIds, around, complaints);
  const steps = readSteps(body.steps, { inputIds, stepIds, adapters: around.adapters, check: around.checkAddress }, complaints);
  const news = body.webhook == null ? null : readWebhook(body.webhook, around.checkAddress, complaints);
  const routing = readRouting(body.routing ?? {}, around, complaints);
  const ceiling = readCeiling(body.routing?.maxCost ?? null, around.money, complaints);
  const retention = body.retention ?? DEFAULT_RETENTION;
  const retentionSeconds = readRetention(retention, complaints);
  const whole = steps.filter((step): step is Step => step !== null);
  const order = whole.length === steps.length ? orderSteps(whole) : { ordered: [] };
  if ('cycle' in order) complaints.add(`/steps/${stepIds.indexOf(order.cycle[0] ?? '')}/inputs`, `The steps go round in a circle: ${[...order.cycle, order.cycle[0]].join(' → ')}.`);
  else wrongCounts(inputs.filter((input) => input !== null), order.ordered).forEach(({ step, message }) => complaints.add(`/steps/${stepIds.indexOf(step)}/inputs`, message));
  const sound = inputs.filter((input): input is JobInput => input !== null);
  // What an export may name is known only once the steps are.
  const stepsAreSound = 'ordered' in order && whole.length === steps.length;
  const exports = stepsAreSound ? readExports(exportBodies, exportIds, { inputs: sound, steps: order.ordered, checkAddress: around.checkAddress }, complaints) : [];
  if (complaints.errors.length > 0 || 'cycle' in order) return { errors: complaints.errors };
  return {
    webhookSecret: news?.secret ?? null,
    credentials: new Map([
      ...sound.flatMap((input, index) => (isPlace(input) ? [[input.id, { ...body.inputs[index]?.credentials }] as const] : [])),
      ...sound.flatMap((input, index) => (hasHeaders(input) ? [[input.id, { ...body.inputs[index]?.headers }] as const] : [])),
      ...exports.map((item, index) => [item.id, { ...exportBodies[index]?.credentials }] as const),
    ]),
    graph: {
      inputs: sound,
      steps: order.ordered,
      exports,
      routing,
      ...(ceiling === null ? {} : { ceiling }),
      webhook: news?.webhook ?? null,
      retention,
      retentionSeconds,
      tag: body.tag ?? null,
      metadata: body.metadata ?? {},
    },
  };
}

function checkIds(ids: Readonly<Record<'inputs' | 'steps' | 'exports', readonly string[]>>, body: JobBody, complaints: Complaints): void {
  const seen = new Set<string>();
  for (const kind of ['inputs', 'steps', 'exports'] as const) {
    ids[kind].forEach((id, index) => {
      if (seen.has(id)) {
        const given = body[kind]?.[index]?.id !== undefined;
        complaints.add(`/${kind}/${index}/id`, given ? `The id "${id}" is used twice; inputs, steps and exports share one namespace.` : `The default id "${id}" is taken by another part of this job; give this one an id.`);
      }
      seen.add(id);
    });
  }
  if (body.steps.length === 0) complaints.add('/steps', 'A job needs at least one step.');
}

function readRouting(body: RoutingBody, around: Surroundings, complaints: Complaints): Routing {
  const strategy = STRATEGIES.find((name) => name === (body.strategy ?? 'cheapest'));
  if (strategy === undefined) complaints.add('/routing/strategy', `There is no strategy "${body.strategy}"; use ${oneOf(STRATEGIES)}.`);
  for (const field of ['only', 'exclude', 'prefer'] as const) {
    body[field]?.forEach((id, index) => {
      if (!around.providers.includes(id)) complaints.add(`/routing/${field}/${index}`, `There is no provider "${id}"; configured are ${around.providers.join(', ')}.`);
      else if (field === 'only' && body.exclude?.includes(id) === true) complaints.add(`/routing/only/${index}`, `"${id}" is both in "only" and in "exclude"; take it out of one of them.`);
    });
  }
  if (body.quoteId != null && !QUOTE_ID.test(body.quoteId)) complaints.add('/routing/quoteId', 'Must be the id of a quote, as POST /v1/quotes gave it.');
  return {
    strategy: strategy ?? 'cheapest',
    only: body.only ?? [],
    exclude: body.exclude ?? [],
    prefer: body.prefer ?? [],
    regions: body.regions ?? [],
    maxCost: body.maxCost ?? null,
    maxAttempts: body.maxAttempts ?? DEFAULT_ATTEMPTS,
    deadlineSeconds: body.deadlineSeconds ?? DEFAULT_DEADLINE_SECONDS,
    strict: body.strict ?? false,
    quoteId: body.quoteId ?? null,
  };
}

function readCeiling(maxCost: RoutingBody['maxCost'] | null, money: Currencies, complaints: Complaints): JobGraph['ceiling'] | null {
  if (maxCost == null) return null;
  const ceiling = inCommon(maxCost, money);
  if (ceiling === null) complaints.add('/routing/maxCost/currency', `${maxCost.currency} cannot be compared with ${money.currency}, in which prices are told here; use ${[money.currency, ...Object.keys(money.rates)].join(' or ')}.`);
  return ceiling;
}
