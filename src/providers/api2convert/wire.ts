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

const amount = z.preprocess((value) => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) && number >= 0 ? number : null;
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

const jobSchema = z.object({
  id: text,
  token: text,
  /** The upload host of this very job. */
  server: text,
  status: section(z.object({ code: text })),
  /** Credits. */
  spent: amount,
  errors: entries(jobErrorSchema),
  conversion: entries(z.object({ id: text, category: text, target: text })),
  output: entries(outputSchema),
});

const refusalSchema = z.object({ code: text, message: text });

export type Api2convertJob = z.infer<typeof jobSchema>;
export type Api2convertJobError = z.infer<typeof jobErrorSchema>;
export type Api2convertOutput = z.infer<typeof outputSchema>;
export type Api2convertRefusal = z.infer<typeof refusalSchema>;

/** A job, or null where the text is no JSON object: empty, HTML, a list, a bare word. */
export function readJobText(body: string): Api2convertJob | null {
  const value = readObject(body);
  return value === null ? null : jobSchema.parse(value);
}

/** The body of an error answer; every field null where it is not the documented `{code, message}`. */
export function readRefusalText(body: string): Api2convertRefusal {
  return refusalSchema.parse(readObject(body) ?? {});
}

function readObject(body: string): object | null {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'must be a header name').transform((name) => name.toLowerCase());

/** `settings` of an api2convert account: what the vendor's documents leave open or say in two ways. */
export const settingsSchema = z.strictObject({
  /** The account key's header: the API document's `x-oc-api-key`, or the newer `x-api2convert-api-key`. */
  keyHeader: headerName.default('x-oc-api-key'),
  /** The header of a signed callback. */
  signatureHeader: headerName.default('x-oc-signature'),
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
