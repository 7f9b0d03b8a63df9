import { ProviderError } from '../../conversion/errors.js';
import { secretsOf, uploadKey, type CreatedJob, type Inspection, type Provider, type ProviderAccount } from '../../conversion/provider.js';
import { readCallFailure, type VendorAnswer, type VendorCall, type VendorHttp } from '../vendor-call.js';
import { readCallback, readCallbackReport } from './callbacks.js';
import { readCatalogue as readCore } from './catalogue-calls.js';
import { readHttpError, unreadable, type CallName } from './errors.js';
import { INPUT_TYPES, offers, readCatalogue } from './formats.js';
import { readReport, toJobBody } from './mapper.js';
import { firstPlace, pageOf, readPlace } from './listing.js';
import { OPTIONS } from './options.js';
import { delivers, takes } from './places.js';
import { SHIPPED } from './shipped.js';
import { readFormatNames, readJob, readJson, readTaskList, type UploadForm, type VendorJob, type VendorTask } from './wire.js';
import { readJobList, readStandings, readWebhooks } from './wire-lists.js';
import { settingsSchema } from './settings.js';
import { isUploaded, readForms } from './uploads.js';

export { settingsSchema } from './settings.js';

/** How far a lost job is looked for. */
const PAGE = 50;
const SEARCHED_PAGES = 100;
const REPEATED_PAGES = 3;
const SEARCH_AGAIN_MS = 20_000;

interface CreateNotes extends Record<string, unknown> {
  /** Where each upload goes, by `uploadKey`, as far as the create's answer told. */
  readonly forms: ReadonlyMap<string, UploadForm>;
}

/**
 * RunConvert API v2 (runconvert.com/docs): one job is a whole graph of tasks, and it starts as it is created.
 * Throws a ZodError for settings that `settingsSchema` refuses.
 */
export function runconvertProvider(account: ProviderAccount, http: VendorHttp, now: () => Date): Provider {
  const settings = settingsSchema.parse(account.settings);
  const secrets = [account.apiKey, account.webhookSecret ?? ''];
  const base = account.baseUrl.replace(/\/+$/, '');
  const process = `${base}/${settings.pathPrefix}`;
  const headers = { authorization: `Bearer ${account.apiKey}`, accept: 'application/json' };

  const ask = (call: VendorCall): Promise<VendorAnswer> =>
    http.call(call).catch((failure: unknown) => {
      throw readCallFailure(failure);
    });

  const taken = (call: CallName, answer: VendorAnswer, hidden: readonly string[] = []): VendorAnswer => {
    if (answer.status >= 200 && answer.status <= 299) return answer;
    throw readHttpError(call, answer, [...secrets, ...hidden], now());
  };

  /** The job as it stands. One that shows no tasks (the documents' list sample) is asked for them by itself. */
  const readWhole = async (providerJobId: string, signal: AbortSignal): Promise<VendorJob> => {
    const id = encodeURIComponent(providerJobId);
    const answer = await ask({ name: 'read', method: 'GET', url: `${process}/jobs/${id}`, headers, signal });
    const job = readJob(taken('read', answer).text);
    if (job === null) throw unreadable('read', 'holds no job');
    return job.tasks.length > 0 ? job : { ...job, tasks: await readTasksOf(id, signal) };
  };

  const readTasksOf = async (id: string, signal: AbortSignal): Promise<readonly VendorTask[]> => {
    const answer = await ask({ name: 'read', method: 'GET', url: `${process}/tasks?job_id=${id}`, headers, signal });
    // The job was found: a list that is not there is no sign that the job is gone.
    if (answer.status === 404) return [];
    const tasks = readTaskList(taken('read', answer).text);
    if (tasks === null) throw unreadable('read', 'holds no tasks');
    return tasks;
  };

  return {
    id: account.id,
    adapter: 'runconvert',
    traits: { wholeGraph: true, startsOnCreate: true, callbacks: 'account', inputTypes: INPUT_TYPES },
    offers,
    options: OPTIONS,
    takes,
    delivers,
    shipped: SHIPPED,

    async create(work, signal) {
      const answer = await ask({ name: 'create', method: 'POST', url: `${process}/jobs`, headers, json: toJobBody(work, settings), signal });
      const job = readJob(taken('create', answer, secretsOf(work)).text);
      if (job === null || job.id === null) throw unreadable('create', 'holds no job id');
      return { providerJobId: job.id, awaitsUploads: work.inputs.filter((input) => input.source.type === 'upload').map(uploadKey), notes: { forms: readForms(work, job.tasks) } satisfies CreateNotes };
    },

    async upload(work, created, inputId, content, signal) {
      let form = formsIn(created).get(inputId);
      if (form === undefined) {
        const { tasks } = await readWhole(created.providerJobId, signal);
        // Sent before a restart: the vendor takes it once, and is on its way with it.
        if (isUploaded(work, tasks, inputId, settings)) return;
        form = readForms(work, tasks).get(inputId);
      }
      if (form === undefined) throw unreadable('read', `holds no upload form for ${inputId}`);
      const file = { field: settings.uploadField, content };
      // The form is signed by itself: the account's key stays away from the upload host.
      const answer = await ask({ name: 'upload', method: 'POST', url: form.url, form: { fields: form.parameters, file }, signal });
      taken('upload', answer, [...secretsOfForm(form), ...secretsOf(work)]);
    },

    /** A job starts as it is created, or when its last upload is in. */
    async start() {},

    async read(job, signal) {
      return readReport(await readWhole(job.providerJobId, signal), job, settings, secrets);
    },

    /**
     * By the `tag` that carries the reference, or by the names of the tasks where a list shows no tag. Neither the order of the list nor its longest page is
     * documented: what is not there is proven only by the list's end, an empty page. Each page begins behind all that was read, however much of it came twice: where the
     * newest stand first, those that are made meanwhile push the others back. A list that only repeats itself is at its end, unless its pages are full and it may hold more.
     */
    async find(reference, signal) {
      const seen = new Set<string>();
      for (let page = 0, offset = 0, repeated = 0; page < SEARCHED_PAGES && repeated < REPEATED_PAGES; page += 1) {
        const answer = taken('find', await ask({ name: 'find', method: 'GET', url: `${process}/jobs?limit=${PAGE}&offset=${offset}`, headers, signal }));
        const list = readJobList(answer.text);
        if (list === null) throw unreadable('find', 'is no list of jobs');
        const found = list.jobs.find(({ tag, job }) => tag === reference || job.tasks.some((task) => task.name?.includes(reference) === true));
        if (found !== undefined) return found.job.id;
        const before = seen.size;
        for (const { job } of list.jobs) seen.add(job.id);
        offset += list.length;
        repeated = seen.size === before ? repeated + 1 : 0;
        const mayHoldMore = list.length >= PAGE && (list.count ?? Number.POSITIVE_INFINITY) > seen.size;
        if (list.length === 0 || (repeated === REPEATED_PAGES && !mayHoldMore)) return null;
      }
      throw new ProviderError('unavailable', `It has more than ${seen.size} jobs, too many to search for one.`, { code: 'too_many_jobs', retryAfterMs: SEARCH_AGAIN_MS });
    },

    /** `status`, `limit` and `offset` are documented, the order and the longest page are not. */
    async list(cursor, signal) {
      const place = cursor === null ? firstPlace() : readPlace(cursor);
      if (place === null) throw unreadable('list', 'is asked for at a place that is none');
      const answer = taken('list', await ask({ name: 'list', method: 'GET', url: `${process}/jobs?status=${place.status}&limit=${PAGE}&offset=${place.offset}`, headers, signal }));
      const jobs = readStandings(answer.text);
      if (jobs === null) throw unreadable('list', 'is no list of jobs');
      return pageOf(place, jobs, settings, secrets);
    },

    /** No cancel is documented. */
    async cancel() {},

    /** Account-level webhooks (documents, "Webhooks"). Only the ends of jobs are asked for: what goes on in between is no news to us. */
    async registerCallbacks(url, isOurs, signal) {
      const listed = readWebhooks(taken('webhooks', await ask({ name: 'webhooks', method: 'GET', url: `${base}/webhooks`, headers, signal })).text);
      if (listed === null) throw unreadable('webhooks', 'is no list of webhooks');
      for (const { id, endpoint } of listed) {
        if (endpoint === url || !isOurs(endpoint) || id === null) continue;
        const gone = await ask({ name: 'webhooks', method: 'DELETE', url: `${base}/webhooks/${encodeURIComponent(id)}`, headers, signal });
        if (gone.status !== 404) taken('webhooks', gone);
      }
      if (listed.some(({ endpoint }) => endpoint === url)) return 'there';
      taken('webhooks', await ask({ name: 'webhooks', method: 'POST', url: `${base}/webhooks`, headers, json: { endpoint_url: url, events: ['job.finished', 'job.failed'] }, signal }), [url]);
      return 'made';
    },

    readCallback: (callback) => readCallback(callback, account.webhookSecret, settings),
    readCallbackReport: (job, body) => readCallbackReport(job, body, settings, secrets),

    /** Nothing documented tells a balance. */
    async inspect(signal) {
      const jobs = taken('account', await ask({ name: 'account', method: 'GET', url: `${process}/jobs?limit=1`, headers, signal }));
      const list = readJson(jobs.text);
      if (typeof list !== 'object' || list === null) throw unreadable('account', 'is no list of jobs');
      const answer = await ask({ name: 'catalogue', method: 'GET', url: `${base}/core/formats`, headers, signal });
      if (answer.status === 404) return inspected(null, ['RunConvert answered 404 to the list of formats, which its documents name.']);
      const names = readFormatNames(taken('catalogue', answer).text);
      if (names === null) throw unreadable('catalogue', 'is no list of formats');
      if (names.length === 0) return inspected(null, ['RunConvert\'s list of formats is empty, or in a shape that cannot be read.']);
      return inspected(readCatalogue(names), []);
    },

    catalogue: (signal) => readCore(
      async (path, query) => {
        const answer = await ask({ name: 'catalogue', method: 'GET', url: `${base}/core/${path}${Object.keys(query).length === 0 ? '' : `?${new URLSearchParams(query).toString()}`}`, headers, signal });
        return answer.status === 404 ? null : taken('catalogue', answer).text;
      },
      (what) => unreadable('catalogue', what),
    ),
  };
}

function inspected(catalogue: Inspection['catalogue'], remarks: readonly string[]): Inspection {
  return { account: 'ok', catalogue, balance: null, remarks };
}

/** Notes are empty after a restart. */
function formsIn(created: CreatedJob): CreateNotes['forms'] {
  const { forms } = created.notes as Partial<CreateNotes>;
  return forms instanceof Map ? forms : new Map();
}

function secretsOfForm(form: UploadForm): string[] {
  const values = [...form.parameters.map(([, value]) => value), ...new URL(form.url).searchParams.values()];
  return values.filter((value) => value.length >= 8);
}
