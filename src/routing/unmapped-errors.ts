import { Injectable, Logger } from '@nestjs/common';
import type { ErrorKind, ProviderError } from '../conversion/errors.js';
import { Database } from '../platform/database.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Metrics } from '../platform/metrics.js';

/** An attempt at which a vendor said something that nobody understands. */
export interface Puzzled {
  readonly provider: string;
  readonly jobId: string;
  readonly attemptId: string;
}

export interface UnmappedError {
  readonly kind: ErrorKind;
  readonly code: string | null;
  readonly count: number;
  readonly message: string;
  readonly jobId: string;
  readonly attemptId: string;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

const KINDS: ReadonlySet<ErrorKind> = new Set<ErrorKind>(['unmapped', 'malformed_response']);
/** Faults of the gateway's own, which no vendor said. */
const OURS = 'internal';
/** Of one provider: a vendor that makes up a code each time pushes out its own older ones, and nobody else's. */
export const MOST_CODES = 100;
const LONGEST_CODE = 200;
const LONGEST_MESSAGE = 500;

/** What vendors said that is not understood, for an operator to say what it means. Costs nothing where there is none; a database that is away loses a count and no more. */
@Injectable()
export class UnmappedErrors {
  private readonly log = new Logger('providers');

  constructor(
    private readonly database: Database,
    private readonly metrics: Metrics,
  ) {}

  /** Never rejects, and need not be waited for. The message must be free of secrets. */
  async note({ provider, jobId, attemptId }: Puzzled, { kind, code, message }: Pick<ProviderError, 'kind' | 'code' | 'message'>): Promise<void> {
    if (!KINDS.has(kind) || code === OURS) return;
    this.metrics.unmappedErrors.inc({ provider, kind });
    try {
      await this.database.query({ name: 'unmapped_error', text: NOTED }, [provider, kind, (code ?? '').slice(0, LONGEST_CODE), message.slice(0, LONGEST_MESSAGE).toWellFormed(), jobId, attemptId, MOST_CODES]);
    } catch (error) {
      this.log.warn(`An error of ${provider} that is not understood is not counted: ${databaseTrouble(error) ?? (error as Error).message}`);
    }
  }

  /** The one seen last first. */
  async of(provider: string): Promise<readonly UnmappedError[]> {
    return this.database.query<UnmappedError>(
      `SELECT kind, nullif(code, '') AS code, count, message, job_id AS "jobId", attempt_id AS "attemptId", first_at AS "firstAt", last_at AS "lastAt"
       FROM unmapped_error WHERE provider = $1 ORDER BY last_at DESC, kind, code LIMIT $2`,
      [provider, MOST_CODES],
    );
  }

  /** Deletes what was not seen for so long, at most `limit`; how much there was. */
  async forget(days: number, limit: number): Promise<number> {
    const rows = await this.database.query<object>(
      `DELETE FROM unmapped_error WHERE ctid = ANY(ARRAY(SELECT ctid FROM unmapped_error WHERE last_at < now() - make_interval(hours => 24 * $1::int) LIMIT $2 FOR UPDATE SKIP LOCKED)) RETURNING 1`,
      [days, limit],
    );
    return rows.length;
  }
}

/** $7: how many are kept of a provider, this one included. */
const NOTED = `
  WITH older AS (
    DELETE FROM unmapped_error WHERE provider = $1 AND (kind, code) IN (
      SELECT kind, code FROM unmapped_error WHERE provider = $1 AND (kind, code) <> ($2, $3) ORDER BY last_at DESC OFFSET $7::int - 1 FOR UPDATE SKIP LOCKED))
  INSERT INTO unmapped_error AS known (provider, kind, code, message, job_id, attempt_id) VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (provider, kind, code) DO UPDATE SET count = known.count + 1, message = $4, job_id = $5, attempt_id = $6, last_at = now()`;
