import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Breach, Check } from './evidence.ts';

const ENDED = ['completed', 'failed', 'canceled'];
/** How late after its deadline a job may end: the sweep's turn, and a database that was away. */
const SLACK_MS = 30_000;

/** I1: what was accepted has ended, once, in time; nothing is left that nobody will touch again; results are there. */
export const nothingLost: Check = async ({ query, accepted, staging }) => {
  const jobs = await query<{ id: string; status: string; ended_at: Date | null; late_ms: number | null }>(
    `SELECT id, status, ended_at, extract(epoch FROM coalesce(ended_at, now()) - deadline_at)::float8 * 1000 AS late_ms FROM job`,
  );
  const known = new Map(jobs.map((job) => [job.id, job]));
  const found: string[] = [];
  for (const { id } of accepted) {
    const job = known.get(id);
    if (job === undefined) found.push(`job ${id} was accepted and is not there`);
    else if (!ENDED.includes(job.status) && job.status !== 'awaiting_input') found.push(`job ${id} was accepted and is still ${job.status}`);
  }
  for (const { id, status, ended_at: endedAt, late_ms: late } of jobs) {
    if (ENDED.includes(status) !== (endedAt !== null)) found.push(`job ${id} is ${status}, and has ${endedAt === null ? 'no' : 'a'} time of its end`);
    if ((late ?? 0) > SLACK_MS) found.push(`job ${id} is ${Math.round((late ?? 0) / 1000)} s later than its deadline`);
  }
  found.push(...(await left(query)));
  found.push(...(await missingResults(query, staging)));
  return found.map((what): Breach => ({ rule: 'I1', what }));
};

/** What lives on in a job that has ended, and what has no hand to move it in one that has not. */
async function left(query: Parameters<Check>[0]['query']): Promise<string[]> {
  const rows = await query<{ what: string }>(`
    SELECT 'attempt ' || a.id || ' lives in a job that is ' || j.status AS what FROM attempt a JOIN job j ON j.id = a.job_id WHERE a.ended_at IS NULL AND j.ended_at IS NOT NULL
    UNION ALL SELECT 'stage ' || s.id || ' is ' || s.status || ' in a job that is ' || j.status FROM stage s JOIN job j ON j.id = s.job_id WHERE s.status IN ('waiting', 'active') AND j.ended_at IS NOT NULL
    UNION ALL SELECT 'stage ' || s.id || ' is active and never due' FROM stage s JOIN job j ON j.id = s.job_id WHERE s.status = 'active' AND s.due_at IS NULL AND s.lease_until IS NULL AND j.ended_at IS NULL
    UNION ALL SELECT 'job ' || j.id || ' is ' || j.status || ' and none of its stages is active' FROM job j WHERE j.status IN ('queued', 'processing') AND NOT EXISTS (SELECT 1 FROM stage s WHERE s.job_id = j.id AND s.status = 'active')
    UNION ALL SELECT 'export ' || x.id || ' of job ' || j.id || ' is pending after its end' FROM job_export x JOIN job j ON j.id = x.job_id WHERE x.status = 'pending' AND j.ended_at IS NOT NULL
    UNION ALL SELECT 'job ' || j.id || ' has ended and its credentials are still there' FROM job j WHERE j.ended_at IS NOT NULL AND EXISTS (SELECT 1 FROM credential c WHERE c.job_id = j.id)
    UNION ALL SELECT 'two attempts live in stage ' || stage_id FROM attempt WHERE ended_at IS NULL GROUP BY stage_id HAVING count(*) > 1
    UNION ALL SELECT 'job ' || j.id || ' is completed and has no output' FROM job j WHERE j.status = 'completed' AND NOT EXISTS (SELECT 1 FROM file f WHERE f.job_id = j.id AND f.role = 'result') AND NOT EXISTS (SELECT 1 FROM job_export x WHERE x.job_id = j.id)`);
  return rows.map(({ what }) => what);
}

/** A result that is told of can be had, byte for byte. */
async function missingResults(query: Parameters<Check>[0]['query'], staging: string): Promise<string[]> {
  const files = await query<{ id: string; job_id: string; path: string; sha256: string | null }>(
    `SELECT f.id, f.job_id, f.path, f.sha256 FROM file f JOIN job j ON j.id = f.job_id WHERE j.status = 'completed' AND f.role = 'result' AND f.path IS NOT NULL AND f.erased_at IS NULL AND coalesce(f.expires_at > now(), true)`,
  );
  const found: string[] = [];
  for (const { id, job_id: jobId, path, sha256 } of files) {
    const sum = await sha256Of(join(staging, path));
    if (sum === null) found.push(`the bytes of file ${id} of job ${jobId} are not there`);
    else if (sha256 !== null && sum !== sha256) found.push(`file ${id} of job ${jobId} is not what it was`);
  }
  return found;
}

async function sha256Of(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch {
    return null;
  }
  return hash.digest('hex');
}
