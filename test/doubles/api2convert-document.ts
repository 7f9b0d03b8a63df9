type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const truth: Check = (value) => typeof value === 'boolean';
const object: Check = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const oneOf = (...words: readonly string[]): Check => (value) => words.includes(value as string);
const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
/** An empty object may be said as an empty list here. */
const mapping: Check = (value) => object(value) || (Array.isArray(value) && value.length === 0);

const JOB: Readonly<Record<string, Check>> = {
  type: oneOf('job'), process: truth, fail_on_input_error: truth, fail_on_conversion_error: truth, notify_status: truth, callback: text,
  input: listOf(object), conversion: listOf(object), limits: object, download_passwords: listOf(text),
};
const INPUT: Readonly<Record<string, Check>> = {
  type: oneOf('remote', 'output', 'input_id', 'gdrive_picker', 'base64', 'cloud'), source: (value) => text(value) && value !== '', filename: text, options: mapping,
  engine: oneOf('auto', 'video', 'file', 'website', 'screenshot', 'screenshot_pdf', 'zip'), credentials: object, parameters: object,
};
const CONVERSION: Readonly<Record<string, Check>> = {
  target: text, options: mapping, metadata: object, output_target: listOf(object),
  category: oneOf('image', 'video', 'audio', 'document', 'ebook', 'archive', 'cad', 'hash', 'metadata', 'operation'),
};
const OPERATIONS = new Set(
  'compress resize-image thumbnail compare-image video-to-image analyze-image cut-video slideshow merge-streams extract-streams compare-video audio-volume convert-pdfa validate-pdfa pdf-booklet compare-pdf extract-archive extract-assets extract-assets-from-pdf'.split(' '),
);

/** What a body for `POST /jobs` or `PATCH /jobs/{id}` says that the vendor's document does not know. Empty: it is to the letter. */
export function jobFaults(body: unknown): string[] {
  if (!object(body)) return ['the body is not an object'];
  const job = body as Readonly<Record<string, unknown>>;
  const inputs = Array.isArray(job['input']) ? (job['input'] as unknown[]) : [];
  const conversions = Array.isArray(job['conversion']) ? (job['conversion'] as unknown[]) : [];
  return [
    ...faults('job', job, JOB, []),
    ...inputs.flatMap((input, index) => inputFaults(input, `input[${index}]`)),
    ...conversions.flatMap((conversion, index) => conversionFaults(conversion, `conversion[${index}]`)),
  ];
}

/** The same for one input, as `POST /jobs/{id}/input` takes it. */
export function inputFaults(input: unknown, at = 'input'): string[] {
  return faults(at, input as Readonly<Record<string, unknown>>, INPUT, ['type', 'source']);
}

function conversionFaults(conversion: unknown, at: string): string[] {
  const said = conversion as Readonly<Record<string, unknown>>;
  const unknown = said['category'] === 'operation' && !OPERATIONS.has(said['target'] as string) ? [`${at}: no operation ${String(said['target'])}`] : [];
  return [...faults(at, said, CONVERSION, ['target']), ...unknown];
}

function faults(at: string, value: Readonly<Record<string, unknown>>, known: Readonly<Record<string, Check>>, required: readonly string[]): string[] {
  return [
    ...Object.entries(value).flatMap(([name, field]) => (known[name] === undefined ? [`${at}: unknown field ${name}`] : known[name](field) ? [] : [`${at}.${name}: ${JSON.stringify(field)}`])),
    ...required.filter((name) => value[name] === undefined).map((name) => `${at}: ${name} is missing`),
  ];
}
