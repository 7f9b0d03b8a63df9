import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';
import type { Decision } from '../routing/decision-record.js';

/** How long a job may keep to a quote. */
const QUOTE_SECONDS = 900;

export interface StoredQuote {
  readonly fingerprint: string;
  readonly record: Decision;
  readonly expired: boolean;
  readonly expiresAt: Date;
}

/** Quotes as they were given. */
@Injectable()
export class QuoteStore {
  constructor(private readonly database: Database) {}

  /** Returns until when it holds. */
  async insert(tenant: string, id: string, fingerprint: string, record: Decision): Promise<Date> {
    const [row] = await this.database.query<{ expiresAt: Date }>(
      `INSERT INTO quote (id, tenant, fingerprint, record, expires_at) VALUES ($1, $2, $3, $4::jsonb, now() + interval '${QUOTE_SECONDS} seconds') RETURNING expires_at AS "expiresAt"`,
      [id, tenant, fingerprint, JSON.stringify(record)],
    );
    if (row === undefined) throw new Error('the quote was not written');
    return row.expiresAt;
  }

  /** Another tenant's is not there. */
  async find(tenant: string, id: string): Promise<StoredQuote | null> {
    const [row] = await this.database.query<StoredQuote>('SELECT fingerprint, record, expires_at <= now() AS expired, expires_at AS "expiresAt" FROM quote WHERE id = $1 AND tenant = $2', [id, tenant]);
    return row ?? null;
  }
}
