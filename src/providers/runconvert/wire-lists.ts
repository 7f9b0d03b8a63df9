import { isRecord, readJson, readNumber, readText, toJob, type VendorJob, type VendorTask } from './wire.js';

/** Bare, or in `{ data }` or under its own name. */
function listIn(answer: unknown, name: string): readonly unknown[] | null {
  const list = isRecord(answer) ? (answer['data'] ?? answer[name]) : answer;
  return Array.isArray(list) ? list : null;
}

export interface JobList {
  readonly jobs: readonly { readonly tag: string | null; readonly job: VendorJob & { readonly id: string } }[];
  /** With those that could not be read. */
  readonly length: number;
  /** `meta.count`: of all jobs, or of this page; the document leaves that open. */
  readonly count: number | null;
}

/** The jobs of `GET …/jobs`: a list, bare or in `{ data }` or `{ jobs }`, each with the tag that it was made with. Null when it is none. */
export function readJobList(body: string): JobList | null {
  const answer = readJson(body);
  const list = listIn(answer, 'jobs');
  if (list === null) return null;
  const jobs = list.filter(isRecord).flatMap((item) => {
    const job = toJob(item);
    return job === null || job.id === null ? [] : [{ tag: readText(item['tag']), job: { ...job, id: job.id } }];
  });
  return { jobs, length: list.length, count: isRecord(answer) && isRecord(answer['meta']) ? readNumber(answer['meta']['count']) : null };
}

/** The same with nothing but how each job and its tasks stand: of lists that are read all the time, the rest would be garbage by the megabyte. Null when it is none. */
export function readStandings(body: string): (VendorJob & { readonly id: string })[] | null {
  const list = listIn(readJson(body), 'jobs');
  if (list === null) return null;
  return list.filter(isRecord).flatMap((job) => {
    const id = readText(job['id']);
    const tasks = typeof job['tasks'] === 'object' && job['tasks'] !== null ? Object.values(job['tasks']).filter(isRecord) : [];
    const standing = tasks.map((task) => ({ ...NOTHING_TOLD, status: readText(task['status']), percent: readNumber(task['percent']) }));
    return id === null ? [] : [{ id, status: readText(job['status']), tasks: standing, said: NOTHING_TOLD.said }];
  });
}

const NOTHING_TOLD: VendorTask = { id: null, name: null, operation: null, status: null, percent: null, credits: null, inputs: [], form: null, files: [], said: { code: null, message: null } };

/** `GET …/webhooks`, whose body no document shows: a list, bare or in `{ data }` or `{ webhooks }`. Null when it is none. */
export function readWebhooks(body: string): { readonly id: string | null; readonly endpoint: string }[] | null {
  const list = listIn(readJson(body), 'webhooks');
  if (list === null) return null;
  return list.filter(isRecord).flatMap((item) => {
    const endpoint = readText(item['endpoint_url'] ?? item['url']);
    return endpoint === null ? [] : [{ id: readText(item['id']), endpoint }];
  });
}
