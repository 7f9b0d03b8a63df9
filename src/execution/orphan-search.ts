import { Injectable, Logger } from '@nestjs/common';
import { appendEvents } from '../jobs/event-store.js';
import { watchLeftBehind } from '../jobs/left-behind.js';
import { Database } from '../platform/database.js';
import { Registry } from '../providers/registry.js';

const BATCH = 20;
/** The first pause; each is twice as long as the one before, up to an hour. */
const AGAIN_SECONDS = 60;
const LONGEST_SECONDS = 3600;
const HOURS = 24;
const PATIENCE_MS = 30_000;

interface Orphan {
  readonly attemptId: string;
  readonly jobId: string;
  readonly provider: string;
  readonly reference: string;
}

/** Goes on searching for vendors' jobs that may have been made and are nobody's: what is found is written down and canceled. */
@Injectable()
export class OrphanSearch {
  private readonly log = new Logger('orphans');

  constructor(
    private readonly database: Database,
    private readonly registry: Registry,
  ) {}

  /** Returns how many were found. Any number of processes may search at once. */
  async search(): Promise<number> {
    const due = await this.database.query<Orphan>(
      `UPDATE orphan SET due_at = CASE WHEN created_at < now() - make_interval(hours => $1) THEN NULL ELSE now() + make_interval(secs => least($4::float8, $2::float8 * 2 ^ least(searches, 10))) END,
         ended_at = CASE WHEN created_at < now() - make_interval(hours => $1) THEN now() END, searches = searches + 1
       WHERE attempt_id IN (SELECT attempt_id FROM orphan o WHERE due_at <= now() AND NOT EXISTS (SELECT 1 FROM attempt a WHERE a.id = o.attempt_id AND a.ended_at IS NULL)
         ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
       RETURNING attempt_id AS "attemptId", job_id AS "jobId", provider, reference`,
      [HOURS, AGAIN_SECONDS, BATCH, LONGEST_SECONDS],
    );
    let found = 0;
    for (const orphan of due) found += (await this.seek(orphan)) ? 1 : 0;
    return found;
  }

  private async seek(orphan: Orphan): Promise<boolean> {
    const guarded = this.registry.find(orphan.provider)?.guarded;
    if (guarded === undefined) return false;
    // Where a create is no start, a job that nobody knows of is inert.
    if (!guarded.canFind) return this.nothing(orphan);
    // A vendor that is away now is asked again later.
    const providerJobId = await guarded.find(orphan.reference, AbortSignal.timeout(PATIENCE_MS)).catch(() => null);
    if (providerJobId === null) return false;
    const known = await this.database.query('SELECT 1 FROM attempt WHERE id = $1 AND provider_job_id = $2', [orphan.attemptId, providerJobId]);
    if (known.length > 0) return this.nothing(orphan);
    await guarded.cancel(providerJobId, AbortSignal.timeout(PATIENCE_MS)).catch(() => undefined);
    await this.database.transaction(async (sql) => {
      await sql.query('SELECT id FROM job WHERE id = $1 FOR UPDATE', [orphan.jobId]);
      await sql.query('UPDATE orphan SET due_at = NULL, ended_at = now(), provider_job_id = $2 WHERE attempt_id = $1', [orphan.attemptId, providerJobId]);
      await sql.query('UPDATE attempt SET provider_job_id = $2 WHERE id = $1 AND provider_job_id IS NULL AND NOT EXISTS (SELECT 1 FROM attempt WHERE provider = $3 AND provider_job_id = $2)', [orphan.attemptId, providerJobId, orphan.provider]);
      await watchLeftBehind(sql, [orphan.attemptId]);
      appendEvents(sql, orphan.jobId, [{ type: 'attempt.orphan_found', cause: 'poll', detail: { attempt: orphan.attemptId, provider: orphan.provider, providerJobId } }]);
    });
    this.log.warn({ job: orphan.jobId, attempt: orphan.attemptId, provider: orphan.provider, providerJobId, msg: 'A vendor\'s job that nobody knew of was found and canceled, as far as that can be done there.' });
    return true;
  }

  private async nothing({ attemptId }: Orphan): Promise<false> {
    await this.database.query('UPDATE orphan SET due_at = NULL, ended_at = now() WHERE attempt_id = $1', [attemptId]);
    return false;
  }
}
