import type { Database } from '../platform/database.js';
import { outcomeIsLost } from '../platform/database-trouble.js';
import { Gathered } from '../platform/gathered.js';
import type { Sql } from '../platform/sql.js';
import { KeyTaken } from './idempotency-claim.js';
import { insertJobs, type RarePart } from './job-insert.js';

/** A job as its statement takes it. */
export interface JobToWrite {
  /** An object of JSON: its row, and those of all that belongs to it. */
  readonly json: string;
  readonly parts: ReadonlySet<RarePart>;
  /** Tenant and Idempotency-Key, where it came with one. */
  readonly key: string | null;
}

/** Jobs that come at once: so many in one statement at the most, and so many statements at a time. */
const TOGETHER = { most: 64, lanes: 2, isLost: outcomeIsLost };

/** A job that is longer goes by itself: a batch of such would be slow to read, and keep the others waiting. */
const MOST_LETTERS = 32_768;

/** A batch waits no longer for another process that writes one of its keys: then each goes by itself, and only that one waits. */
const LOCK_MS = 50;

/**
 * Writes jobs, each with all that belongs to it. Those that come while others are being committed share one statement and one commit, all of them or none;
 * where that fails each is written by itself, so that only the one at fault fails.
 */
export class JobInserts {
  private readonly gathered = new Gathered<JobToWrite, Date>((jobs) => this.together(jobs), (job) => insertJob(this.database, job), TOGETHER);
  /** Keys that are on their way in this process. */
  private readonly keys = new Map<string, Promise<unknown>>();

  constructor(private readonly database: Database) {}

  /** When it was committed. Throws `KeyTaken`. */
  async insert(job: JobToWrite): Promise<Date> {
    const { key } = job;
    if (key === null) return this.write(job);
    // Whoever waits for the same key would do so in the database, with a connection, and in a batch with all its neighbours.
    for (let before = this.keys.get(key); before !== undefined; before = this.keys.get(key)) if (await before.then(() => true, () => false)) throw new KeyTaken('the key is taken');
    const writing = this.write(job).finally(() => this.keys.delete(key));
    this.keys.set(key, writing);
    return writing;
  }

  private write(job: JobToWrite): Promise<Date> {
    return job.json.length > MOST_LETTERS ? insertJob(this.database, job) : this.gathered.do(job);
  }

  private async together(jobs: readonly JobToWrite[]): Promise<readonly Date[]> {
    const parts = new Set(jobs.flatMap((job) => [...job.parts]));
    const at = await insertAll(this.database, jobs, parts, parts.has('claim') ? LOCK_MS : 0);
    return jobs.map(() => at);
  }
}

/** One by itself, or as part of a transaction. Throws `KeyTaken`. */
export async function insertJob(sql: Sql, job: JobToWrite): Promise<Date> {
  try {
    return await insertAll(sql, [job], job.parts);
  } catch (error) {
    throw KeyTaken.isMeantBy(error) ? new KeyTaken('the key is taken') : error;
  }
}

async function insertAll(sql: Sql, jobs: readonly JobToWrite[], parts: ReadonlySet<RarePart>, lockMs = 0): Promise<Date> {
  const [row] = await sql.query<{ at: Date }>(insertJobs(parts, lockMs), [`[${jobs.map(({ json }) => json).join(',')}]`]);
  if (row === undefined) throw new Error('the jobs were not written');
  return row.at;
}
