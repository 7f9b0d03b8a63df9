import { canonicalFormat, categoryOf, knownFormats } from '../../conversion/formats.js';
import { ProviderError } from '../../conversion/errors.js';
import { uploadKey, type Cost, type Inspection, type Report, type RunningJob, type StageInput, type StageStep, type StageWork, type VendorFile } from '../../conversion/provider.js';
import type { Options } from '../../conversion/job-graph.js';
import { readJobFailure } from './errors.js';
import { captureEngine, CATEGORY_WORDS, targetOf, VENDOR_OPERATIONS } from './formats.js';
import { readDeliveries } from './deliveries.js';
import { downloadHeaders, vendorFields } from './vendor-fields.js';
import { toOutputTarget, toStoredInput, type OutputTarget, type StoredInput } from './places.js';
import type { Api2convertContracts, Api2convertEntry, Api2convertJob, Api2convertOutput, Api2convertSettings } from './wire.js';

/** `input[]` of a create. */
interface DeclaredInput {
  readonly type: 'remote' | 'base64' | 'output' | 'input_id';
  readonly source: string;
  readonly filename?: string;
  readonly engine?: string;
  readonly options?: Options;
}

interface Conversion {
  readonly category: string;
  readonly target: string;
  readonly options: Options;
}

export interface CreateBody {
  readonly process: false;
  readonly conversion: readonly (Conversion & { readonly metadata?: Options; readonly output_target?: readonly OutputTarget[] })[];
  readonly input?: readonly (DeclaredInput | StoredInput)[];
  readonly callback?: string;
}

/**
 * The body of `POST /jobs`. `process: false`: the job is inert until `start`. Inputs to be uploaded are not declared, the upload makes them.
 * Throws `unsupported` where the stage cannot be one job: every conversion of a job is applied to every input of it.
 */
export function toCreateBody(work: StageWork, settings: Api2convertSettings): CreateBody {
  requireOneSetOfFiles(work);
  const input = [...work.steps.filter((step) => step.operation === 'capture').map(toCapturedPage), ...arrange(work).first, ...reusedInputs(work)];
  return {
    ...Object.fromEntries(work.steps.flatMap((step) => Object.entries(vendorFields(step).job))),
    process: false,
    conversion: work.steps.map((step) => {
      const targets = work.exports.filter(({ steps }) => steps.includes(step.id)).map(({ target, credentials }) => toOutputTarget(target, credentials, settings));
      const { metadata } = vendorFields(step);
      return { ...toConversion(step, settings), ...(metadata === null ? {} : { metadata }), ...(targets.length === 0 ? {} : { output_target: targets }) };
    }),
    ...(input.length === 0 ? {} : { input }),
    ...(work.callbackUrl === null ? {} : { callback: work.callbackUrl }),
  };
}

function requireOneSetOfFiles({ inputs, steps }: StageWork): void {
  const files = new Set(inputs.map((input) => input.id));
  const isOverAll = (step: StageStep): boolean => new Set(step.inputs).size === files.size && step.inputs.every((id) => files.has(id));
  const isOneJob = steps.length > 0 && steps.every(isOverAll) && (steps.length === 1 || steps.every((step) => step.operation !== 'capture'));
  if (!isOneJob) throw notTranslatable('The steps are not over one set of files, so api2convert cannot run them as one job.');
}

/** A merge is in the order in which its step names the files. */
function inStepOrder({ inputs, steps }: StageWork): readonly StageInput[] {
  const order = steps[0]?.inputs ?? [];
  return [...inputs].sort((left, right) => order.indexOf(left.id) - order.indexOf(right.id));
}

/** How a stage's files come to its job, in the step's order: those that the create declares, and behind each upload those that follow it. */
export interface Arrangement {
  readonly first: readonly (DeclaredInput | StoredInput)[];
  readonly uploads: readonly { readonly key: string; readonly then: readonly (DeclaredInput | StoredInput)[] }[];
}

export function arrange(work: StageWork): Arrangement {
  const first: (DeclaredInput | StoredInput)[] = [];
  const uploads: { key: string; then: (DeclaredInput | StoredInput)[] }[] = [];
  for (const input of inStepOrder(work)) {
    if (input.source.type === 'upload') uploads.push({ key: uploadKey(input), then: [] });
    else (uploads.at(-1)?.then ?? first).push(...toDeclaredInput(input, engineOf(work, input)));
  }
  return { first, uploads };
}

function reusedInputs({ steps }: StageWork): readonly DeclaredInput[] {
  return [...new Set(steps.flatMap((step) => vendorFields(step).inputIds))].map((source) => ({ type: 'input_id', source }));
}

/** The one that a step over the file says. */
function engineOf({ steps }: StageWork, { id }: StageInput): string | null {
  return steps.filter(({ inputs }) => inputs.includes(id)).map((step) => vendorFields(step).engine).find((engine) => engine !== null) ?? null;
}

function toDeclaredInput({ source, filename }: StageInput, engine: string | null): readonly (DeclaredInput | StoredInput)[] {
  const named = filename === null ? {} : { filename };
  switch (source.type) {
    case 'url':
      return [{ type: 'remote', source: source.url, ...named, ...(engine === null ? {} : { engine }) }];
    case 'base64':
      return [{ type: 'base64', source: source.data, ...named }];
    case 'result':
      return [{ type: 'output', source: source.providerFileId, ...named }];
    case 'place':
      return [toStoredInput(source.place, source.credentials)];
    case 'upload':
      return [];
    default:
      throw notTranslatable(`api2convert cannot take this input: ${String(source satisfies never)}.`);
  }
}

function toCapturedPage(step: StageStep): DeclaredInput {
  const { url } = step.parameters;
  const engine = captureEngine(targetOf(step.parameters) ?? '');
  if (typeof url !== 'string' || engine === null) throw notTranslatable('api2convert cannot capture a page as this format.');
  const { page } = vendorFields(step);
  return { type: 'remote', source: url, engine, ...(Object.keys(page).length === 0 ? {} : { options: page }) };
}

/** One step as a conversion. What makes the operation what it is comes last: no option goes over it. */
export function toConversion(step: StageStep, settings: Api2convertSettings): Conversion {
  const to = targetOf(step.parameters);
  const options = callerOptions(step);
  switch (step.operation) {
    case 'convert':
      return { ...toFormat(to), options: { allow_multiple_outputs: true, ...options } };
    case 'compress':
      return { category: 'operation', target: 'compress', options: { ...given('compression_level', step.parameters['level']), ...options } };
    case 'merge':
      return { ...toFormat(to), options: { ...options, merge: true } };
    case 'archive':
      return { ...toFormat(to), options };
    case 'thumbnail':
      return { category: 'operation', target: 'thumbnail', options: { allow_multiple_outputs: true, ...sizeOf(step), ...options, thumbnail_target: to } };
    case 'capture':
      return { ...toFormat(to), options };
    case 'ocr':
      return toOcr(step, settings);
    case 'hash':
      return { category: 'hash', target: to ?? '', options };
    case 'read-metadata':
      return { category: 'metadata', target: 'json', options };
    default:
      return toOperation(step);
  }
}

function toOperation(step: StageStep): Conversion {
  const operation = VENDOR_OPERATIONS.get(step.operation);
  if (operation === undefined) throw notTranslatable(`The operation ${step.operation} is not offered by api2convert.`);
  const size = sizeOf(step);
  // Our sizes are pixels; what the vendor takes a bare number for is not documented.
  const pixels = Object.keys(size).length === 0 ? {} : { resize_by: 'px', ...size };
  return { category: 'operation', target: operation.target, options: { ...(operation.several ? { allow_multiple_outputs: true } : {}), ...pixels, ...callerOptions(step) } };
}

function toOcr(step: StageStep, { ocr }: Api2convertSettings): Conversion {
  if (ocr === undefined) throw notTranslatable('OCR is not offered: the account\'s settings.ocr does not say how.');
  const language = ocr.languageOption === undefined ? {} : given(ocr.languageOption, step.parameters['language']);
  return { ...toFormat(targetOf(step.parameters) ?? ocr.target), options: { ...language, ...callerOptions(step), ...ocr.options } };
}

function toFormat(to: string | null): { readonly category: string; readonly target: string } {
  const category = to === null ? null : categoryOf(to);
  if (to === null || category === null) throw notTranslatable(`The target ${to ?? '(none)'} is no format that api2convert is known to write.`);
  return { category: CATEGORY_WORDS[category], target: to };
}

const callerOptions = (step: StageStep): Options => vendorFields(step).options;
const given = (name: string, value: unknown): Options => (value === undefined ? {} : { [name]: value });
const sizeOf = ({ parameters }: StageStep): Options => ({ ...given('width', parameters['width']), ...given('height', parameters['height']) });
const notTranslatable = (message: string): ProviderError => new ProviderError('unsupported', message, { created: 'not_created' });

/** Only three words end a job, every other one, known or not, means that it runs (SDK contract, statuses). */
export const isEnd = (word: string): boolean => word === 'completed' || word === 'failed' || word === 'canceled';

/** How a job stands. */
export function readReport(job: Api2convertJob, word: string, { steps, exports }: Pick<RunningJob, 'steps' | 'exports'>, settings: Api2convertSettings, secrets: readonly string[]): Report {
  const cost: Cost = { credits: job.spent };
  if (word === 'canceled') return { state: 'canceled', cost };
  if (!isEnd(word)) return { state: 'running', progress: null, word };

  const conversionOf = (id: string) => job.conversion.find((conversion) => stepOf(job, conversion.id, steps, settings)?.id === id) ?? null;
  const failed = word === 'failed' || job.errors.length > 0;
  const deliveries = readDeliveries(job, failed, exports, conversionOf, secrets);
  const results = job.output.flatMap((output) => readResult(job, output, steps, settings));
  // What was to be delivered left no file here, whether it arrived or not.
  const empty = steps.find((step) => !deliveries.steps.has(step.id) && results.every((result) => result.step !== step.id));
  const onlyUndelivered = empty === undefined && deliveries.all.some(({ refusal }) => refusal !== null);
  if (failed && !onlyUndelivered) return { state: 'failed', error: readJobFailure(job, secrets), cost };
  if (!failed && deliveries.open) return { state: 'running', progress: null, word: 'uploading' };
  if (empty === undefined) return { state: 'succeeded', results, deliveries: deliveries.all, cost };
  return { state: 'failed', error: new ProviderError('output_invalid', `api2convert completed the job without a readable file for the step ${empty.id}.`), cost };
}

/** Statuses of a file that can no longer be downloaded (OpenAPI document, "job downloading"). */
const UNREADABLE: ReadonlySet<string> = new Set(['disabled', 'expired', 'overuse']);

function readResult(job: Api2convertJob, output: Api2convertOutput, steps: readonly StageStep[], settings: Api2convertSettings): readonly VendorFile[] {
  const step = stepOf(job, output.source.conversion, steps, settings);
  if (step === undefined || output.uri === null || !/^https?:\/\//i.test(output.uri) || UNREADABLE.has(output.status ?? '')) return [];
  const filename = output.filename ?? output.name;
  const headers = downloadHeaders(steps);
  const protectedBy = Object.keys(headers).length === 0 ? {} : { headers };
  return [{ step: step.id, providerFileId: output.id, url: output.uri, filename, contentType: output.content_type, size: output.size, ...protectedBy }];
}

/** The step that a conversion of the job is: by its place, as we sent them, unless its target says that the places moved. */
function stepOf(job: Api2convertJob, conversionId: string | null, steps: readonly StageStep[], settings: Api2convertSettings): StageStep | undefined {
  if (steps.length === 1) return steps[0];
  const place = job.conversion.findIndex((conversion) => conversion.id !== null && conversion.id === conversionId);
  const target = job.conversion[place]?.target ?? null;
  const alike = target === null ? [] : steps.filter((step) => canonicalFormat(toConversion(step, settings).target) === canonicalFormat(target));
  const atPlace = steps[place];
  if (alike.length === 0 || (atPlace !== undefined && alike.includes(atPlace))) return atPlace;
  return alike.length === 1 ? alike[0] : undefined;
}

/** Targets that `toConversion` names beside the formats themselves. */
const OPERATION_TARGETS = ['compress', 'thumbnail', ...[...VENDOR_OPERATIONS.values()].map(({ target }) => target)].map((target) => `operation/${target}`);

/** The vendor's catalogue beside what `offers` promises of it. Categories of formats are ours to guess, so any category that lists the target will do. */
export function readCatalogue(entries: readonly Api2convertEntry[]): NonNullable<Inspection['catalogue']> {
  const listed = new Set(entries.flatMap(({ category, target }) => (target === null ? [] : [`${category}/${target.toLowerCase()}`])));
  const formats = new Set(entries.flatMap(({ category, target }) => (target === null || category === 'operation' ? [] : [canonicalFormat(target)])));
  const offered = knownFormats().filter((format) => !formats.has(format));
  return { entries: entries.length, missing: [...OPERATION_TARGETS.filter((target) => !listed.has(target)), ...offered] };
}

/** A contract by monthly invoice has no limit. `null`: there is no active contract. */
export function readBalance(contracts: Api2convertContracts | null): NonNullable<Inspection['balance']> {
  const told = contracts?.contracts.flatMap(({ credits_remaining }) => credits_remaining ?? []) ?? [];
  const sum = told.length === 0 ? null : told.reduce((total, credits) => total + credits, 0);
  return { credits: contracts?.credits_remaining ?? sum, unlimited: contracts?.contracts.some(({ contract_type }) => contract_type === 'invoice') ?? false };
}
