import { ProviderError, type CreateOutcome, type ErrorKind } from '../../conversion/errors.js';
import { redact } from '../../conversion/redaction.js';
import { readRetryAfter, type VendorAnswer } from '../vendor-call.js';
import { readJobText, readRefusalText, uploadIdShape, type Api2convertJob, type Api2convertJobError } from './wire.js';

export type CallName = 'create' | 'upload' | 'start' | 'read' | 'cancel' | 'list' | 'account' | 'catalogue';

/** HTTP statuses that mean the same on every call (API document, "Errors and failure handling"; 403 from the SDKs). */
const KIND_BY_STATUS: ReadonlyMap<number, ErrorKind> = new Map<number, ErrorKind>([
  [401, 'unauthorized'],
  [402, 'quota_exhausted'],
  [403, 'unauthorized'],
  [429, 'rate_limited'],
]);

/** Calls whose 404 does not speak of a job. */
const NOT_OF_A_JOB: ReadonlySet<CallName> = new Set(['create', 'list', 'account', 'catalogue']);

const UNKNOWN_THING = /\b(target|conversion|category|format|option)s?\b/i;
const NOT_KNOWN = /\b(unknown|unsupported|invalid|not (?:supported|known|valid|found|available|allowed)|does(?: not|n't) exist)\b/i;

/**
 * An answer that is no success. A 400 or 422 speaks of a request that we built, not of the caller's file: where its message names an unknown
 * target or option it is `unsupported`, else `unmapped`. Of a create it also says whether a job can exist all the same.
 */
export function readRefusal(call: CallName, answer: VendorAnswer, now: Date, secrets: readonly string[]): ProviderError {
  const { code, message } = readRefusalText(answer.text);
  const details = {
    code: code ?? `http_${answer.status}`,
    retryAfterMs: readRetryAfter(answer.headers['retry-after'], now),
    ...(call === 'create' ? { created: createOutcome(answer.status) } : {}),
  };
  return new ProviderError(kindOfStatus(call, answer.status, message), `api2convert answered HTTP ${answer.status} to ${call}${quote(message, secrets)}`, details);
}

/** A 2xx whose body is not what the call must give. */
export function unreadable(call: CallName, status: number, what: string): ProviderError {
  const created = call === 'create' ? { created: 'unknown' as const } : {};
  return new ProviderError('malformed_response', `api2convert answered HTTP ${status} to ${call}, but ${what}.`, { code: `http_${status}`, ...created });
}

function kindOfStatus(call: CallName, status: number, message: string | null): ErrorKind {
  const kind = KIND_BY_STATUS.get(status);
  if (kind !== undefined) return kind;
  if (status >= 500) return 'unavailable';
  if (status === 404 && !NOT_OF_A_JOB.has(call)) return 'vanished';
  const isRefusedContent = call === 'create' && (status === 400 || status === 422);
  return isRefusedContent && message !== null && UNKNOWN_THING.test(message) && NOT_KNOWN.test(message) ? 'unsupported' : 'unmapped';
}

/** Design of "what a create's failure means": a gateway in between (502, 504, and any status that is none of ours) proves nothing. */
function createOutcome(status: number): CreateOutcome {
  return (status >= 400 && status < 500) || status === 500 || status === 503 ? 'not_created' : 'unknown';
}

/** Codes of `errors[]` in a job: all that any vendor document shows. `input`: only of an entry about an input. */
const KIND_BY_CODE: ReadonlyMap<string, { readonly kind: ErrorKind; readonly source: 'input' | 'any' }> = new Map([
  ['17', { kind: 'source_unreachable', source: 'input' }],
  ['99', { kind: 'source_unreachable', source: 'input' }],
  ['401', { kind: 'invalid_input', source: 'input' }],
  ['404', { kind: 'source_unreachable', source: 'input' }],
  ['4000', { kind: 'unsupported', source: 'any' }],
  ['6005', { kind: 'invalid_input', source: 'any' }],
  ['6037', { kind: 'invalid_input', source: 'any' }],
]);

const DOWNLOAD_FAILED = /(?:could not|cannot|can't|failed to) (?:be )?download|download (?:has )?failed/i;

/** Why a job failed: the first error with a code that is known, else the first one. */
export function readJobFailure(job: Api2convertJob, secrets: readonly string[]): ProviderError {
  const told = job.errors.find((error) => knownKind(error) !== null) ?? job.errors[0];
  if (told === undefined) return new ProviderError('conversion_failed', 'api2convert failed the job and told no error.');
  const about = `${told.source ?? 'job'} ${told.id_source ?? told.idSource ?? ''}`.trim();
  return new ProviderError(kindOfJobError(told), `api2convert failed the job, error of ${about}${quote(told.message, secrets)}`, { code: told.code });
}

function kindOfJobError(error: Api2convertJobError): ErrorKind {
  const known = knownKind(error);
  if (known !== null) return known;
  if (error.source === 'conversion') return 'conversion_failed';
  return error.source === 'input' && error.message !== null && DOWNLOAD_FAILED.test(error.message) ? 'source_unreachable' : 'unmapped';
}

function knownKind(error: Api2convertJobError): ErrorKind | null {
  const known = error.code === null ? undefined : KIND_BY_CODE.get(error.code);
  if (known === undefined) return null;
  return known.source === 'any' || error.source === 'input' || error.source === null ? known.kind : null;
}

/** The vendor's words for our message: without secrets, logins in URLs and URL queries, at most 300 characters. */
function quote(message: string | null, secrets: readonly string[]): string {
  if (message === null) return '.';
  const plain = redact(message, secrets)
    .slice(0, 2_000)
    .replace(/(https?:\/\/)[^\s/@]*@/gi, '$1')
    .replace(/(https?:\/\/[^\s?#"'<>]*)[?#][^\s"'<>]*/gi, '$1?[redacted]')
    .replace(/\p{Cc}+/gu, ' ');
  return `: "${plain.slice(0, 300)}"`;
}

/** Status words that any document of the vendor names. */
const DOCUMENTED_WORDS: ReadonlySet<string> = new Set(['created', 'incomplete', 'ready', 'pending', 'queued', 'downloading', 'running', 'processing', 'saving', 'completed', 'failed', 'canceled']);
const DOCUMENTED_SUCCESS: ReadonlyMap<string, number> = new Map([['create', 201], ['upload', 200], ['start', 200], ['read', 200], ['cancel', 204]]);

/** What an answer says otherwise than the documents, and which of them is right where they disagree. */
export function departures(call: string, answer: VendorAnswer): readonly string[] {
  const expected = DOCUMENTED_SUCCESS.get(call);
  if (expected === undefined || answer.status >= 300) return [];
  const status = answer.status === expected ? [] : [`${call} is answered ${answer.status}; documented: ${expected}.`];
  if (call === 'upload') return [...status, ...UPLOAD_SHAPES[uploadIdShape(answer.text)]];
  return call === 'cancel' ? status : [...status, ...departuresOfJob(call, readJobText(answer.text))];
}

/** Client programs were seen to read an object; the vendor's own mock sends a text. */
const UPLOAD_SHAPES: Readonly<Record<ReturnType<typeof uploadIdShape>, readonly string[]>> = {
  object: ['upload is answered with an object as `id` ({ job, input }), as client programs read it and the SDKs do not.'],
  text: ['upload is answered with a text as `id`, as the SDKs read it and other client programs do not.'],
  absent: ['upload is answered without an `id`; every source shows one.'],
};

function departuresOfJob(call: string, job: Api2convertJob | null): readonly string[] {
  if (job === null) return [`${call} is answered with something that is no job.`];
  const word = job.status.code;
  const unknown = word !== null && !DOCUMENTED_WORDS.has(word) ? [`a job's status is${quote(word, [])}, which no document names; it counts as running.`] : [];
  const ofJob = { id: job.id, token: job.token, server: job.server, 'status.code': word, spent: job.spent };
  const files = word === 'completed' ? job.output.map(({ id, uri, filename, size, content_type }) => ({ id, uri, filename, size, content_type })) : [];
  return [...unknown, ...absent('a job', ofJob), ...files.flatMap((file) => absent('an output', file))];
}

function absent(of: string, fields: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(fields).flatMap(([name, value]) => (value === null ? [`${of} comes without \`${name}\`.`] : []));
}
