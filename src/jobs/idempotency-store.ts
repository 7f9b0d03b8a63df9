import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';
import { Gathered } from '../platform/gathered.js';
import type { Sql } from '../platform/sql.js';

/** A request with a key. The key is the tenant's own: other tenants may use the same one. */
export interface KeyedRequest {
  readonly tenant: string;
  readonly key: string;
  readonly fingerprint: string;
}

/** What a request that makes a job is answered. */
export interface Answer {
  readonly jobId: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Null where the answer is made of the job itself: its files, its failure. */
  readonly body: object | null;
}

/** What is known of an earlier request with the same key. */
export interface Earlier {
  readonly fingerprint: string;
  readonly jobId: string;
  /** Null while nobody has answered. */
  readonly answer: Answer | null;
}

/** The right to answer for a key. */
export interface Hold extends Omit<KeyedRequest, 'fingerprint'> {
  readonly holder: string;
}

/** How long a request is believed to live without a sign of life, in seconds: a dead process's keys are free after it. */
export const HOLD_SECONDS = 6;

/** How long a stored answer is given again, in seconds. */
export const KEPT_SECONDS = 86_400;

/** What comes at once is looked up at once: so many keys in one statement at the most, and so many statements at a time. */
const TOGETHER = { most: 64, lanes: 2 };

interface FoundKey {
  readonly tenant: string;
  readonly key: string;
  readonly fingerprint: string;
  readonly jobId: string;
  readonly status: number | null;
  readonly headers: Record<string, string>;
  readonly body: string | null;
  readonly createdAt: Date;
}

const FIND_KEYS = `SELECT tenant, key, fingerprint, job_id AS "jobId", status, headers, body, created_at AS "createdAt" FROM idempotency_key
  WHERE (tenant, key) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND expires_at > now()`;

/** The rows of `Idempotency-Key`. A row begins in the statement that inserts its job (`job-insert.ts`): where one is, the other is. */
@Injectable()
export class IdempotencyStore {
  private readonly finding = new Gathered<KeyedRequest, Earlier | null>((requests) => this.findAll(requests), async (request) => (await this.findAll([request]))[0] ?? null, TOGETHER);

  constructor(private readonly database: Database) {}

  async find(request: KeyedRequest): Promise<Earlier | null> {
    return this.finding.do(request);
  }

  private async findAll(requests: readonly KeyedRequest[]): Promise<readonly (Earlier | null)[]> {
    const rows = await this.database.query<FoundKey>({ name: 'find_keys', text: FIND_KEYS }, [requests.map(({ tenant }) => tenant), requests.map(({ key }) => key)]);
    const found = new Map(rows.map((row) => [nameOf(row), row]));
    return requests.map((request) => toEarlier(found.get(nameOf(request))));
  }

  /** Takes over from a request that is gone without an answer. False while it lives, and when it has answered by now. */
  async take({ tenant, key, holder }: Hold): Promise<boolean> {
    const rows = await this.database.query<object>(
      `UPDATE idempotency_key SET holder = $3, held_until = now() + make_interval(secs => $4)
       WHERE tenant = $1 AND key = $2 AND status IS NULL AND (held_until IS NULL OR held_until < now()) RETURNING 1`,
      [tenant, key, holder, HOLD_SECONDS],
    );
    return rows.length > 0;
  }

  /** Signs of life. */
  async renew(holds: readonly Hold[]): Promise<void> {
    await this.database.query(
      `UPDATE idempotency_key k SET held_until = now() + make_interval(secs => $4)
       FROM unnest($1::text[], $2::text[], $3::uuid[]) AS h (tenant, key, holder) WHERE k.tenant = h.tenant AND k.key = h.key AND k.holder = h.holder`,
      [holds.map(({ tenant }) => tenant), holds.map(({ key }) => key), holds.map(({ holder }) => holder), HOLD_SECONDS],
    );
  }

  /** Stores the answer, if the key is still ours to answer for. */
  async answer({ tenant, key, holder }: Hold, { status, headers, body }: Answer): Promise<void> {
    await this.database.query(
      'UPDATE idempotency_key SET status = $4, headers = $5::jsonb, body = $6, holder = NULL, held_until = NULL WHERE tenant = $1 AND key = $2 AND holder = $3',
      [tenant, key, holder, status, JSON.stringify(headers), body === null ? null : JSON.stringify(body)],
    );
  }

  /** Nothing was answered that counts: the next request with the key goes on with the job. */
  async release({ tenant, key, holder }: Hold): Promise<void> {
    await this.database.query('UPDATE idempotency_key SET holder = NULL, held_until = NULL WHERE tenant = $1 AND key = $2 AND holder = $3', [tenant, key, holder]);
  }

  /** The next request with the key begins anew. */
  async forget({ tenant, key, holder }: Hold): Promise<void> {
    await this.database.query('DELETE FROM idempotency_key WHERE tenant = $1 AND key = $2 AND holder = $3', [tenant, key, holder]);
  }

  /** Makes room for a new request where an expired one still lies. */
  async dropExpired({ tenant, key }: KeyedRequest): Promise<void> {
    await this.database.query('DELETE FROM idempotency_key WHERE tenant = $1 AND key = $2 AND expires_at <= now()', [tenant, key]);
  }
}

/** Deletes keys whose time is over, at most `limit`; how many there were. */
export async function eraseExpiredKeys(sql: Sql, limit: number): Promise<number> {
  const rows = await sql.query<object>(
    `DELETE FROM idempotency_key WHERE (tenant, key) IN (SELECT tenant, key FROM idempotency_key WHERE expires_at <= now() ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING 1`,
    [limit],
  );
  return rows.length;
}

/** Tenants have keys of their own. */
export const nameOf = ({ tenant, key }: Pick<KeyedRequest, 'tenant' | 'key'>): string => JSON.stringify([tenant, key]);

function toEarlier(row: FoundKey | undefined): Earlier | null {
  if (row === undefined) return null;
  const { fingerprint, jobId, status, headers, body, createdAt } = row;
  return { fingerprint, jobId, answer: status === null ? null : { jobId, status, headers, body: body === null ? null : withTime(JSON.parse(body) as object, createdAt) } };
}

/** An answer that was stored with its job was written before the time of that commit was known; key and job share it. */
function withTime(body: object, createdAt: Date): object {
  return 'createdAt' in body ? { ...body, createdAt: createdAt.toISOString() } : body;
}
