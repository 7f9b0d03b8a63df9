import type { Options } from '../../conversion/job-graph.js';
import type { StageStep } from '../../conversion/provider.js';
import { OPTIONS } from './options.js';

/** Fields of a job that a caller may say for this vendor (OpenAPI document, Job). Never `process`, `input`, `conversion` or `callback`: those are ours. */
const OF_THE_JOB: ReadonlySet<string> = new Set(['fail_on_input_error', 'fail_on_conversion_error', 'limits', 'download_passwords', 'notify_status']);
/** Options of a capture that belong to the input, not to the conversion (SDKs, "screenshot options"). */
const OF_THE_PAGE: ReadonlySet<string> = new Set(['screen_width', 'screen_height', 'device_scale_factor']);

/** What a step says beside its parameters, sorted by where the vendor takes it. */
export interface VendorFields {
  readonly job: Options;
  /** `metadata` of the conversion: what is inserted into the result, or taken out of it. */
  readonly metadata: Options | null;
  /** How the vendor fetches the step's addresses: auto, video, file, website, screenshot, screenshot_pdf, zip (OpenAPI document, InputFile). */
  readonly engine: string | null;
  /** Inputs of other jobs of the account, by the vendor's id, beside the step's own (OpenAPI document, InputFile: `input_id`). */
  readonly inputIds: readonly string[];
  readonly page: Options;
  readonly options: Options;
}

/** The caller's options in the vendor's words, those for this vendor over the unified ones. */
export function vendorFields({ operation, options, providerOptions }: StageStep): VendorFields {
  const { metadata, engine, input_id: inputId, ...own } = providerOptions;
  const told = metadata !== null && typeof metadata === 'object' && !Array.isArray(metadata) ? (metadata as Options) : {};
  const stripped = options['stripMetadata'] === true ? { clear_all: true, ...told } : told;
  const all = { ...OPTIONS.say(operation, options), ...own };
  const sorted = (belongs: (name: string) => boolean): Options => Object.fromEntries(Object.entries(all).filter(([name]) => belongs(name)));
  const isCapture = operation === 'capture';
  return {
    job: sorted((name) => OF_THE_JOB.has(name)),
    metadata: Object.keys(stripped).length === 0 ? null : stripped,
    engine: typeof engine === 'string' ? engine : null,
    inputIds: [inputId].flat().filter((id): id is string => typeof id === 'string' && id !== ''),
    page: isCapture ? sorted((name) => OF_THE_PAGE.has(name)) : {},
    options: sorted((name) => !OF_THE_JOB.has(name) && !(isCapture && OF_THE_PAGE.has(name))),
  };
}

/** The header that opens files which the step had protected (SDK contract, "download password"); several passwords are one list. */
export function downloadHeaders(steps: readonly StageStep[]): Readonly<Record<string, string>> {
  const said = steps.flatMap(({ options, providerOptions }) => [options, providerOptions].flatMap((given) => [given['download_password'], given['download_passwords']].flat()));
  const passwords = [...new Set(said.filter((password): password is string => typeof password === 'string' && password !== ''))];
  return passwords.length === 0 ? {} : { 'x-oc-download-password': passwords.join(',') };
}
