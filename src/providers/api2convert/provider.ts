import { createHash } from 'node:crypto';
import type { CreatedJob, Inspection, Provider, ProviderAccount, RunningJob, StageWork } from '../../conversion/provider.js';
import { secretsOf } from '../../conversion/provider.js';
import { ProviderError } from '../../conversion/errors.js';
import { readCallback, readCallbackReport } from './callbacks.js';
import { CatalogueReading } from './catalogue.js';
import { readWholeCatalogue } from './catalogue-calls.js';
import { SHIPPED } from './shipped.js';
import { readCallFailure, type VendorAnswer, type VendorCall, type VendorHttp } from '../vendor-call.js';
import { readRefusal, unreadable, type CallName } from './errors.js';
import { INPUT_TYPES, offers } from './formats.js';
import { arrange, readBalance, readCatalogue, readReport, toCreateBody } from './mapper.js';
import { FIRST_PAGE, pageOf } from './listing.js';
import { OPTIONS } from './options.js';
import { delivers, takes } from './places.js';
import { NOTHING, readStanding } from './resuming.js';
import { readContractsText, readJobText, readStandingsText, settingsSchema, type Api2convertEntry, type Api2convertJob } from './wire.js';

export { settingsSchema } from './wire.js';

/** Statuses of a job that was not started yet (API document, statuses). */
const BEFORE_START: ReadonlySet<string> = new Set(['created', 'incomplete', 'ready']);

type Call = Omit<VendorCall, 'name' | 'signal'>;

/** api2convert, REST API v2. Throws a ZodError where `account.settings` is not `settingsSchema`. */
export function api2convertProvider(account: ProviderAccount, http: VendorHttp, now: () => Date): Provider {
  const settings = settingsSchema.parse(account.settings);
  const base = account.baseUrl.replace(/\/+$/, '');
  const jobs = `${base}/jobs`;
  const jobUrl = (providerJobId: string): string => `${jobs}/${encodeURIComponent(providerJobId)}`;
  const headers = { [settings.keyHeader]: account.apiKey };

  /** Secrets that the vendor may repeat in its messages: the account's, and those that belong to one call. */
  const secrets = (...ofTheCall: readonly unknown[]): readonly string[] =>
    [account.apiKey, account.webhookSecret, ...ofTheCall].filter((secret): secret is string => typeof secret === 'string' && secret !== '');

  async function ask(name: CallName, call: Call, signal: AbortSignal): Promise<VendorAnswer> {
    try {
      return await http.call({ ...call, name, signal });
    } catch (failure) {
      throw readCallFailure(failure);
    }
  }

  async function readJob(providerJobId: string, signal: AbortSignal, known: readonly string[]): Promise<Api2convertJob> {
    const answer = await ask('read', { method: 'GET', url: jobUrl(providerJobId), headers }, signal);
    if (!isSuccess(answer)) throw readRefusal('read', answer, now(), known);
    const job = readJobText(answer.text);
    if (job === null) throw unreadable('read', answer.status, 'its body is no job');
    if (job.id !== null && job.id !== providerJobId) throw unreadable('read', answer.status, 'its body is another job');
    return job;
  }

  return {
    id: account.id,
    adapter: 'api2convert',
    traits: { wholeGraph: false, startsOnCreate: false, callbacks: 'job', inputTypes: INPUT_TYPES },

    offers: (wish) => offers(wish, settings),
    options: OPTIONS,
    takes,
    delivers,
    shipped: SHIPPED,

    async create(work, signal) {
      const answer = await ask('create', { method: 'POST', url: jobs, headers, json: toCreateBody(work, settings) }, signal);
      if (!isSuccess(answer)) throw readRefusal('create', answer, now(), secrets(work.reference, ...secretsOf(work)));
      const job = readJobText(answer.text);
      if (job === null || job.id === null) throw unreadable('create', answer.status, 'its body is no job with an id');
      return { providerJobId: job.id, awaitsUploads: arrange(work).uploads.map(({ key }) => key), notes: { server: job.server, token: job.token } };
    },

    async upload(work, created, inputId, content, signal) {
      const { server, token, resumed } = await uploadPlace(created, signal);
      const standing = resumed === null ? NOTHING : readStanding(work, resumed, inputId, content.size, settings);
      if (!standing.bytes) await send();
      // A merge is in the order of the files: what follows this one is declared now, and not in the create.
      for (const json of (arrange(work).uploads.find(({ key }) => key === inputId)?.then ?? []).slice(standing.then)) {
        const added = await ask('upload', { method: 'POST', url: `${jobUrl(created.providerJobId)}/input`, headers, json }, signal);
        if (!isSuccess(added)) throw readRefusal('upload', added, now(), secrets(token, work.reference, ...secretsOf(work)));
      }

      async function send(): Promise<void> {
        const form = { fields: [], file: { field: 'file', content } };
        // The upload host gets the job's token: the account key must never travel there (SDKs, file uploader).
        const answer = await ask(
          'upload',
          {
            method: 'POST',
            url: `${server.replace(/\/+$/, '')}/upload-file/${encodeURIComponent(created.providerJobId)}`,
            headers: { 'x-oc-token': token, 'x-oc-upload-uuid': uploadUuid(work, inputId) },
            form,
          },
          signal,
        );
        if (!isSuccess(answer)) throw readRefusal('upload', answer, now(), secrets(token, work.reference, ...secretsOf(work)));
      }
    },

    async start(created, signal) {
      const known = secrets(created.notes['token']);
      const doubt = await startOnce(created.providerJobId, known, signal);
      if (doubt === null) return;
      // A 409, a 5xx, no answer, and a success that does not say so prove nothing: the job itself tells whether it was started, and one that runs is paid.
      const { status } = await readJob(created.providerJobId, signal, known).catch((failure: unknown) => {
        throw doubt.failure ?? failure;
      });
      if (status.code === null || BEFORE_START.has(status.code)) {
        throw doubt.failure ?? new ProviderError('unavailable', `api2convert did not start the job: it is still ${status.code ?? 'without a status'}.`, { code: `http_${doubt.status}` });
      }
    },

    async read(job: RunningJob, signal) {
      const answer = await readJob(job.providerJobId, signal, secrets(job.reference));
      if (answer.status.code === null) throw unreadable('read', 200, 'its body tells no status');
      return readReport(answer, answer.status.code, job, settings, secrets(job.reference, answer.token));
    },

    async cancel(providerJobId, signal) {
      const answer = await ask('cancel', { method: 'DELETE', url: jobUrl(providerJobId), headers }, signal);
      const isOver = answer.status === 404 || answer.status === 409;
      if (!isSuccess(answer) && !isOver) throw readRefusal('cancel', answer, now(), secrets());
    },

    /** "List of jobs active for the current user" (OpenAPI document); a 204 says that there are none. `status` takes one word, and those of a job that runs are many: it is left out. */
    async list(cursor, signal) {
      const page = cursor ?? FIRST_PAGE;
      const answer = await get('list', `${jobs}?page=${encodeURIComponent(page)}`, signal);
      const listed = answer.status === 204 ? [] : readStandingsText(answer.text);
      if (listed === null) throw unreadable('list', answer.status, 'its body is no list of jobs');
      return pageOf(page, listed);
    },

    readCallback: (callback) => readCallback(callback, settings.signatureHeader, account.webhookSecret),
    readCallbackReport: (job, body) => readCallbackReport(job, body, settings, secrets(job.reference)),

    async inspect(signal) {
      const contracts = await get('account', `${base}/contracts`, signal);
      const told = contracts.status === 204 ? null : readContractsText(contracts.text);
      if (contracts.status !== 204 && told === null) throw unreadable('account', contracts.status, 'its body holds no contracts');
      const entries: Api2convertEntry[] = [];
      const remarks = await wholeCatalogue((page) => entries.push(...page), signal);
      const none = told === null || told.contracts.length === 0 ? ['There is no active contract: only the free credits of a day, if any, can be used.'] : [];
      return { account: 'ok', catalogue: readCatalogue(entries), balance: readBalance(told), remarks: [...none, ...remarks] } satisfies Inspection;
    },

    /** "Gets a list of the valid conversions that can be made with the API" (OpenAPI document): what is not in it is not there. */
    async catalogue(signal) {
      const reading = new CatalogueReading(settings);
      const remarks = await wholeCatalogue((page) => reading.add(page), signal);
      // Half a catalogue would take away the other half.
      if (remarks.length > 0) throw unreadable('catalogue', 200, `it cannot be read whole. ${remarks.join(' ')}`);
      return { entries: reading.entries(), covers: ['*'], remarks: [] };
    },
  };

  /** Null: it was started. Else what is to be said should it turn out that it was not. Throws where it cannot have been. */
  async function startOnce(providerJobId: string, known: readonly string[], signal: AbortSignal): Promise<{ readonly status: number; readonly failure: ProviderError | null } | null> {
    let answer: VendorAnswer;
    try {
      answer = await ask('start', { method: 'PATCH', url: jobUrl(providerJobId), headers, json: { process: true } }, signal);
    } catch (failure) {
      if (failure instanceof ProviderError && failure.details.created === 'unknown' && !signal.aborted) return { status: 0, failure };
      throw failure;
    }
    if (answer.status >= 500) return { status: answer.status, failure: readRefusal('start', answer, now(), known) };
    if (!isSuccess(answer) && answer.status !== 409) throw readRefusal('start', answer, now(), known);
    return isSuccess(answer) && readJobText(answer.text) !== null ? null : { status: answer.status, failure: null };
  }

  async function get(name: CallName, url: string, signal: AbortSignal): Promise<VendorAnswer> {
    const answer = await ask(name, { method: 'GET', url, headers }, signal);
    if (!isSuccess(answer)) throw readRefusal(name, answer, now(), secrets());
    return answer;
  }

  function wholeCatalogue(each: (entries: readonly Api2convertEntry[]) => void, signal: AbortSignal): Promise<readonly string[]> {
    return readWholeCatalogue((page) => get('catalogue', `${base}/conversions?page=${page}`, signal), (status, what) => unreadable('catalogue', status, what), each);
  }

  /** Where uploads go. After a restart the notes are gone and the job is asked (`resumed`). */
  async function uploadPlace(created: CreatedJob, signal: AbortSignal): Promise<{ server: string; token: string; resumed: Api2convertJob | null }> {
    const { server, token } = created.notes;
    if (isUploadHost(server) && typeof token === 'string') return { server, token, resumed: null };
    const job = await readJob(created.providerJobId, signal, secrets());
    if (isUploadHost(job.server) && job.token !== null) return { server: job.server, token: job.token, resumed: job };
    throw unreadable('read', 200, 'the job tells no upload host or no token');
  }
}

const isSuccess = (answer: VendorAnswer): boolean => answer.status >= 200 && answer.status < 300;
const isUploadHost = (server: unknown): server is string => typeof server === 'string' && /^https?:\/\//i.test(server);

/** The same for the same file of the same attempt, so that an upload sent twice is known as one. */
function uploadUuid(work: StageWork, inputId: string): string {
  return createHash('sha256').update(`${work.reference} ${inputId}`).digest('hex').slice(0, 32);
}
