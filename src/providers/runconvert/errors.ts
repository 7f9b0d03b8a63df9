import { ProviderError, type CreateOutcome, type ErrorKind } from '../../conversion/errors.js';
import { redact } from '../../conversion/redaction.js';
import { readRetryAfter, type VendorAnswer } from '../vendor-call.js';
import { readJob, readJson, readSaid, type Said, type VendorJob, type VendorTask } from './wire.js';

export type CallName = 'create' | 'read' | 'find' | 'list' | 'webhooks' | 'upload' | 'account' | 'catalogue';

/** RunConvert's codes (documents, "Application Codes") and those of the service whose words its documents share. */
const CODES: ReadonlyMap<string, ErrorKind> = new Map([
  ['upload_timeout', 'unavailable'],
  ['insufficient_credits', 'quota_exhausted'],
  ['out_of_conversion_minutes', 'quota_exhausted'],
  // A limit of each task, and no word about the account or the pair: this file is too long for it there, others are not.
  ['out_of_conversion_minutes_per_task', 'conversion_failed'],
  ['engine_timeout', 'timeout'],
  ['user_deleted_task', 'vanished'],
]);

const STATUSES: ReadonlyMap<number, ErrorKind> = new Map([
  [401, 'unauthorized'],
  [403, 'unauthorized'],
  [408, 'timeout'],
  [413, 'unsupported'],
  [429, 'rate_limited'],
]);

/** Imports that go to a store of the caller's, with the caller's credentials: where they fail, it is the place or the credentials. */
const FROM_STORES: ReadonlySet<string> = new Set(['import/s3', 'import/google-cloud-storage', 'import/azure/blob', 'import/sftp']);

/** The SDKs' dialect marks a task that waited for a failed one so: a consequence, never the cause. */
const CONSEQUENCE = 'input_task_failed';
const UNSUPPORTED = /unsupported|not[ _]supported|(?:invalid|unknown)[ _](?:(?:in|out)put[ _]|target[ _])?(?:format|conversion|target|operation|engine)|(?:format|conversion|target|operation|engine) (?:is )?(?:invalid|unknown)/i;
const TOO_MANY = /too[ _]many|concurren|at once/i;

/** A vendor's text for an operator: without secrets and the queries of its URLs, in one line of at most 300 characters. */
export function quote(text: string, secrets: readonly string[]): string {
  const line = redact(text, secrets).replace(/(https?:\/\/[^\s?#"']+)[?#][^\s"']*/gi, '$1').replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return line.length > 300 ? `${line.slice(0, 299)}…` : line;
}

/** What an answer outside 2xx means. Of a create, also whether a job can exist all the same. */
export function readHttpError(call: CallName, answer: VendorAnswer, secrets: readonly string[], now: Date): ProviderError {
  const { status } = answer;
  const said = readSaid(readJson(answer.text));
  const kind = httpKind(call, status, said);
  const details = {
    code: said.code === null ? `http_${status}` : quote(said.code, secrets),
    retryAfterMs: kind === 'rate_limited' ? readRetryAfter(answer.headers['retry-after'], now) : null,
  };
  return new ProviderError(kind, `RunConvert answered ${status} to ${call}${cited(said, secrets)}`, call === 'create' ? { ...details, created: createdAt(status) } : details);
}

/** A 2xx whose body is not what was asked for; `what` ends the sentence. After a create a job may exist. */
export function unreadable(call: CallName, what: string): ProviderError {
  return new ProviderError('malformed_response', `RunConvert's answer to ${call} ${what}.`, call === 'create' ? { created: 'unknown' } : {});
}

/** Why a job failed: the first task that failed of itself, else what the job says. `failed`: its failed tasks. */
export function readJobError(job: VendorJob, failed: readonly VendorTask[], secrets: readonly string[]): ProviderError {
  const inOrder = [...failed].sort((one, other) => rank(one) - rank(other));
  const root = inOrder.find((task) => codeOf(task.said) !== CONSEQUENCE && !failed.some((other) => feeds(other, task))) ?? inOrder[0];
  const said = { code: root?.said.code ?? job.said.code, message: root?.said.message ?? job.said.message };
  const who = root === undefined ? 'The job' : `The task ${quote(root.operation ?? root.name ?? '', secrets)}`;
  return new ProviderError(jobKind(root, said), `${who} failed at RunConvert${cited(said, secrets)}`, { code: said.code === null ? null : quote(said.code, secrets) });
}

/** Status words that the documents name, and those that the SDKs' constants suggest. */
const DOCUMENTED_WORDS: ReadonlySet<string> = new Set(['created', 'processing', 'completed', 'failed']);
const SDK_WORDS: ReadonlySet<string> = new Set(['waiting', 'finished', 'error']);

/** What an answer says otherwise than the documents, and what it settles where they show fragments only. */
export function departures(call: string, answer: VendorAnswer): readonly string[] {
  if (answer.status < 200 || answer.status > 299) return [];
  if (call === 'upload') return [`upload is answered ${answer.status}; no document tells the status.`];
  const body = readJson(answer.text);
  const job = call === 'create' || call === 'read' ? readJob(answer.text) : null;
  if (job === null || (call === 'read' && job.id === null)) return [];
  const wrapped = typeof body === 'object' && body !== null && !('id' in body) ? [`${call} is answered with the job inside { ${Object.keys(body).slice(0, 3).map((key) => quote(key, []).slice(0, 40)).join(', ')} }; documented: bare.`] : [];
  const told = [job.status, ...job.tasks.map((task) => task.status)];
  const done = job.tasks.filter((task) => task.operation === 'export/url' && ['completed', 'finished'].includes(task.status ?? ''));
  return [
    ...wrapped,
    ...told.flatMap(departuresOfWord),
    ...(call === 'create' && job.tasks.length === 0 ? ['create is answered without the tasks; they are asked for.'] : []),
    ...(call === 'read' && job.tasks.some((task) => task.operation === null) ? ['a task comes without `operation`.'] : []),
    ...(done.some((task) => task.files.length === 0) ? ['an export/url that is done comes without a file that can be read.'] : []),
    ...(done.length > 0 && job.tasks.every((task) => task.credits === null) ? ['the tasks of a job that is done come without `credits`: what it cost is not known.'] : []),
  ];
}

function departuresOfWord(word: string | null): readonly string[] {
  if (word === null || DOCUMENTED_WORDS.has(word)) return [];
  const shown = `a status is "${quote(word, []).slice(0, 64)}"`;
  return [SDK_WORDS.has(word) ? `${shown}, a word of the SDKs and not of the documents.` : `${shown}, which no document names.`];
}

function httpKind(call: CallName, status: number, said: Said): ErrorKind {
  const coded = CODES.get(codeOf(said));
  // A twin of RunConvert's answers 402 to too many jobs at once: that one passes.
  if (status === 402) return coded ?? (TOO_MANY.test(`${said.code} ${said.message}`) ? 'rate_limited' : 'quota_exhausted');
  if (status >= 500) return 'unavailable';
  if (status < 400) return 'malformed_response';
  // The upload's form is signed for a while; where it is refused, the account's key is not at fault.
  if (call === 'upload' && [401, 403, 404, 410].includes(status)) return 'unavailable';
  if (call === 'read' && status === 404) return 'vanished';
  if ([400, 422].includes(status) && saysUnsupported(said)) return 'unsupported';
  return STATUSES.get(status) ?? coded ?? 'unmapped';
}

function jobKind(root: VendorTask | undefined, said: Said): ErrorKind {
  const code = codeOf(said);
  const operation = root?.operation ?? '';
  const coded = CODES.get(code);
  if (coded !== undefined) return coded;
  // "result-…" fetches what an earlier job of this account made: no source of the caller's.
  if (FROM_STORES.has(operation)) return 'source_unreachable';
  if (operation === 'import/url') return root?.name?.startsWith('result-') === true ? 'unavailable' : 'source_unreachable';
  if (saysUnsupported(said)) return 'unsupported';
  if (code === 'processing_failed') return 'conversion_failed';
  return operation === '' || /^(?:import|export)/.test(operation) ? 'unmapped' : 'conversion_failed';
}

/** Imports come before what takes them, exports last, however the vendor lists them. */
function rank(task: VendorTask): number {
  const operation = task.operation ?? task.name ?? '';
  return operation.startsWith('import') ? 0 : operation.startsWith('export') ? 2 : 1;
}

function feeds(task: VendorTask, other: VendorTask): boolean {
  return other.inputs.some((input) => input === task.name || input === task.id);
}

function createdAt(status: number): CreateOutcome {
  return (status >= 400 && status <= 500) || status === 503 ? 'not_created' : 'unknown';
}

function saysUnsupported(said: Said): boolean {
  return UNSUPPORTED.test(said.code ?? '') || UNSUPPORTED.test(said.message ?? '');
}

function codeOf(said: Said): string {
  return said.code?.toLowerCase() ?? '';
}

function cited(said: Said, secrets: readonly string[]): string {
  return said.message === null ? '.' : `: ${quote(said.message, secrets)}`;
}
