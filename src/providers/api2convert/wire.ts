import { z } from 'zod';

/**
 * What is read of api2convert's answers, and nothing else. Its back end sends `[]` for an empty object, an object where a list is
 * meant, numbers as text and `null` or nothing for what is unset: all of it is read as what it means (OpenAPI document 2.0.1, SDKs).
 */
const text = z.preprocess((value) => {
  if (typeof value === 'number') return String(value);
  // PostgreSQL cannot store a NUL or half of a surrogate pair, and no word of the vendor needs one.
  const plain = typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : '';
  return plain === '' ? null : plain;
}, z.string().nullable());

/** What is more than any file or bill comes to is no amount. */
const MOST = 1e15;

const amount = z.preprocess((value) => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= 0 && number <= MOST ? number : null;
}, z.number().nullable());

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isRecord = (value: unknown): value is object => isObject(value) && !Array.isArray(value);

const section = <T extends z.ZodType>(shape: T) => z.preprocess((value) => (isRecord(value) ? value : {}), shape);

const entries = <T extends z.ZodType>(shape: T) => z.preprocess((value) => (isObject(value) ? Object.values(value).filter(isRecord) : []), z.array(shape));

/** `idSource` is how one documented sample spells `id_source`. */
const jobErrorSchema = z.object({ source: text, code: text, id_source: text, idSource: text, message: text });

const outputSchema = z.object({
  id: text,
  uri: text,
  filename: text,
  /** What the newer guide calls the file's name. */
  name: text,
  size: amount,
  content_type: text,
  status: text,
  source: section(z.object({ conversion: text })),
});

const inputSchema = z.object({ type: text, status: text, size: amount });

const conversionSchema = z.object({ id: text, category: text, target: text, output_target: entries(z.object({ type: text, status: text })) });

const jobSchema = z.object({
  id: text,
  token: text,
  /** The upload host of this very job. */
  server: text,
  status: section(z.object({ code: text })),
  /** Credits. */
  spent: amount,
  errors: entries(jobErrorSchema),
  input: entries(inputSchema),
  conversion: entries(conversionSchema),
  output: entries(outputSchema),
});

const refusalSchema = z.object({ code: text, message: text });

export type Api2convertJob = z.infer<typeof jobSchema>;
export type Api2convertConversion = z.infer<typeof conversionSchema>;
export type Api2convertJobError = z.infer<typeof jobErrorSchema>;
export type Api2convertOutput = z.infer<typeof outputSchema>;
export type Api2convertRefusal = z.infer<typeof refusalSchema>;

/** A job, or null where the text is no JSON object: empty, HTML, a list, a bare word. */
export function readJobText(body: string): Api2convertJob | null {
  const value = readObject(body);
  return value === null ? null : jobSchema.parse(value);
}

const namedSchema = z.object({ id: text });

/** The id of the job that a text is, without reading the rest of it. */
export function readJobIdText(body: string): string | null {
  const value = readObject(body);
  return value === null ? null : namedSchema.parse(value).id;
}

/** How a job stands, and nothing else of it. */
const standingSchema = jobSchema.pick({ id: true, status: true });

export type Api2convertStanding = z.infer<typeof standingSchema>;

/** The list of `GET /jobs`, entry by entry: null for what is no job. Null where the text is no list. */
export function readStandingsText(body: string): readonly (Api2convertStanding | null)[] | null {
  const value = readValue(body);
  return Array.isArray(value) ? value.map((job: unknown) => (isRecord(job) ? standingSchema.parse(job) : null)) : null;
}

/** `options`: a map of descriptions, looked at one by one (`catalogue.ts`). */
const catalogueSchema = entries(z.object({ id: text, category: text, target: text, options: z.unknown().optional() }));
const contractsSchema = z.object({ contracts: entries(z.object({ contract_type: text, credits_remaining: amount })), credits_remaining: amount });

export type Api2convertEntry = z.infer<typeof catalogueSchema>[number];
export type Api2convertContracts = z.infer<typeof contractsSchema>;

/** One page of `GET /conversions`; null where the text is no list. */
export function readCatalogueText(body: string): readonly Api2convertEntry[] | null {
  const value = readValue(body);
  return isObject(value) ? catalogueSchema.parse(value) : null;
}

/** `GET /contracts`: an object in the documents, a list in the OpenAPI document; null where it is neither. */
export function readContractsText(body: string): Api2convertContracts | null {
  const value = readValue(body);
  return isObject(value) ? contractsSchema.parse(Array.isArray(value) ? { contracts: value } : value) : null;
}

/** The body of an error answer; every field null where it is not the documented `{code, message}`. */
export function readRefusalText(body: string): Api2convertRefusal {
  return refusalSchema.parse(readObject(body) ?? {});
}

function readObject(body: string): object | null {
  const value = readValue(body);
  return isRecord(value) ? value : null;
}

function readValue(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return null;
  }
}

/** How an upload's answer spells its `id`: the sources disagree, and nothing depends on it. */
export function uploadIdShape(body: string): 'object' | 'text' | 'absent' {
  const id: unknown = Object.entries(readObject(body) ?? {}).find(([name]) => name === 'id')?.[1];
  return isRecord(id) ? 'object' : typeof id === 'string' ? 'text' : 'absent';
}

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be a header name').transform((name) => name.toLowerCase());

/** `settings` of an api2convert account: what the vendor's documents leave open or say in two ways. */
export const settingsSchema = z.strictObject({
  /** The account key's header: the API document's `x-oc-api-key`, or the newer `x-api2convert-api-key`. */
  keyHeader: headerName.default('x-oc-api-key'),
  /** The header of a signed callback. */
  signatureHeader: headerName.default('x-oc-signature'),
  /** Parameters of deliveries that no vendor document names: Google Drive's folder and file, YouTube's title. By default they are called as those of the other targets are. */
  outputTargets: z
    .strictObject({ driveFolder: z.string().min(1).default('folder'), driveFile: z.string().min(1).default('file'), youtubeTitle: z.string().min(1).default('title') })
    .prefault({}),
  /** How this account's catalogue says OCR. No vendor document names the option, so without this OCR is not offered. */
  ocr: z
    .strictObject({
      /** The target of a step that names none. */
      target: z.string().min(1),
      options: z.record(z.string(), z.unknown()),
      /** The option that takes the step's `language`. Without it a step that names a language is not offered. */
      languageOption: z.string().min(1).optional(),
    })
    .optional(),
});

export type Api2convertSettings = z.infer<typeof settingsSchema>;
