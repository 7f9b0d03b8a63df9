import type { Breach, Check, ReceivedNews } from './evidence.ts';

interface Owed {
  readonly job_id: string;
  readonly status: string;
  readonly events: readonly string[];
}

const ENDINGS = ['job.completed', 'job.failed', 'job.canceled'];

/** I4: whoever asked for it was told of each end at least once, by one message that is always the same; and of no end that did not happen. */
export const everythingTold: Check = async ({ query, received }) => {
  const owed = await query<Owed>(`SELECT w.job_id, j.status, w.events FROM job_webhook w JOIN job j ON j.id = w.job_id WHERE j.ended_at IS NOT NULL`);
  const statuses = new Map((await query<{ id: string; status: string }>('SELECT id, status FROM job')).map(({ id, status }) => [id, status]));
  const byJob = Map.groupBy(received, ({ jobId }) => jobId);
  const found: string[] = [];
  for (const { job_id: jobId, status, events } of owed) {
    if (events.includes(`job.${status}`) && byJob.get(jobId)?.some(({ type }) => type === `job.${status}`) !== true) found.push(`job ${jobId} is ${status}, and nobody was told`);
  }
  for (const [jobId, news] of byJob) found.push(...twisted(jobId, statuses.get(jobId), news));
  for (const [id, copies] of Map.groupBy(received, (one) => one.id)) {
    if (new Set(copies.map(({ jobId, sequence, type, status }) => `${jobId} ${sequence} ${type} ${status}`)).size > 1) found.push(`webhook-id ${id} stands for two different messages`);
  }
  return found.map((what): Breach => ({ rule: 'I4', what }));
};

function twisted(jobId: string, status: string | undefined, news: readonly ReceivedNews[]): string[] {
  const ends = new Set(news.filter(({ type }) => ENDINGS.includes(type)).map(({ type }) => type));
  const ids = Map.groupBy(news, ({ sequence }) => sequence);
  return [
    ...[...ends].filter((type) => type !== `job.${status ?? ''}`).map((type) => `job ${jobId} is ${status ?? 'not there'}, and ${type} was told of it`),
    ...[...ids].filter(([, copies]) => new Set(copies.map(({ id }) => id)).size > 1).map(([sequence]) => `event ${sequence} of job ${jobId} was told under two ids`),
  ];
}
