import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { CatalogueEntry } from '../conversion/catalogue.js';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import { breathe } from './breathe.js';
import { readPart, type CataloguePart } from './catalogue-parts.js';

export interface StoredVersion {
  readonly provider: string;
  readonly version: number;
  readonly status: 'active' | 'suspect' | 'superseded';
  readonly hash: string;
  readonly covered: readonly string[];
  readonly gone: readonly string[];
  readonly entries: number;
  /** Since it was last seen at the vendor, by the database's clock. */
  readonly agoMs: number;
}

export interface NewVersion {
  readonly provider: string;
  /** The newest version when this one was judged; 0: there was none. */
  readonly after: number;
  readonly status: 'active' | 'suspect';
  readonly hash: string;
  /** See `CatalogueIndex`. */
  readonly covered: readonly string[];
  readonly gone: readonly string[];
  readonly entries: number;
  /** JSON of slices of the entries, each a `CataloguePart`. */
  readonly parts: readonly string[];
  /** What the provider's timeline says of it. */
  readonly event: { readonly type: string; readonly detail: object } | null;
}

/** How many versions of a provider are kept, the active one besides. */
const KEPT = 5;

const VERSION = `provider, version, status, hash, covered, gone, entries, extract(epoch FROM now() - checked_at) * 1000 AS "agoMs"`;

/** The vendors' catalogues as they were read, version by version. */
@Injectable()
export class CatalogueStore {
  constructor(private readonly database: Database) {}

  /** The active version of each, where there is one. */
  async active(providers: readonly string[]): Promise<readonly StoredVersion[]> {
    return this.read(`SELECT ${VERSION} FROM catalogue_version WHERE status = 'active' AND provider = ANY($1)`, [providers]);
  }

  /** The version that counts, and the last that was read, whatever became of it: as they stand at one moment. */
  async standing(provider: string): Promise<{ readonly active: StoredVersion | null; readonly last: StoredVersion | null }> {
    const kept = await this.read(`SELECT ${VERSION} FROM catalogue_version WHERE provider = $1 ORDER BY version DESC`, [provider]);
    return { active: kept.find(({ status }) => status === 'active') ?? null, last: kept[0] ?? null };
  }

  /** A version's entries, slice by slice: whoever goes through a large one lets others run in between. */
  async *parts({ provider, version }: Pick<StoredVersion, 'provider' | 'version'>): AsyncGenerator<readonly CatalogueEntry[]> {
    for (let part = 0; ; part += 1) {
      const [row] = await this.database.query<{ entries: CataloguePart }>(
        { name: 'catalogue_part', text: 'SELECT entries FROM catalogue_part WHERE provider = $1 AND version = $2 AND part = $3' },
        [provider, version, part],
      );
      if (row === undefined) return;
      yield readPart(row.entries);
      await breathe();
    }
  }

  /** The vendor still says the same. A suspect that came after it was a slip. */
  async seenAgain({ provider, version }: Pick<StoredVersion, 'provider' | 'version'>): Promise<void> {
    await this.database.query(
      `UPDATE catalogue_version SET checked_at = CASE WHEN version = $2 THEN now() ELSE checked_at END, status = CASE WHEN status = 'suspect' THEN 'superseded' ELSE status END
       WHERE provider = $1 AND (version = $2 OR status = 'suspect')`,
      [provider, version],
    );
  }

  /** Keeps a version, and tells every process when it is the one that counts now. False: somebody else kept one meanwhile. */
  async save(made: NewVersion): Promise<boolean> {
    const { provider, status } = made;
    return this.database.transaction(async (sql) => {
      await sql.query(`SELECT pg_advisory_xact_lock(hashtextextended('catalogue ' || $1, 0))`, [provider]);
      const [{ newest } = { newest: 0 }] = await sql.query<{ newest: number }>('SELECT coalesce(max(version), 0) AS newest FROM catalogue_version WHERE provider = $1', [provider]);
      if (newest !== made.after) return false;
      await sql.query(`UPDATE catalogue_version SET status = 'superseded' WHERE provider = $1 AND (status = 'suspect' OR (status = 'active' AND $2 = 'active'))`, [provider, status]);
      await this.insert(sql, made);
      await sql.query(`DELETE FROM catalogue_version WHERE provider = $1 AND version <= $2 AND status <> 'active'`, [provider, made.after + 1 - KEPT]);
      if (made.event !== null) await sql.query('INSERT INTO provider_event (id, provider, type, detail) VALUES ($1, $2, $3, $4::jsonb)', [uuidv7(), provider, made.event.type, JSON.stringify(made.event.detail)]);
      if (status === 'active') await sql.query(`SELECT pg_notify('conversion_catalogue', $1)`, [provider]);
      return true;
    });
  }

  private async insert(sql: Sql, { provider, after, status, hash, covered, gone, entries, parts }: NewVersion): Promise<void> {
    await sql.query('INSERT INTO catalogue_version (provider, version, status, hash, covered, gone, entries) VALUES ($1, $2, $3, $4, $5, $6, $7)', [provider, after + 1, status, hash, covered, gone, entries]);
    for (const [part, json] of parts.entries()) {
      await sql.query({ name: 'catalogue_insert', text: 'INSERT INTO catalogue_part (provider, version, part, entries) VALUES ($1, $2, $3, $4::jsonb)' }, [provider, after + 1, part, json]);
      await breathe();
    }
  }

  private async read(text: string, values: readonly unknown[]): Promise<readonly StoredVersion[]> {
    const rows = await this.database.query<StoredVersion & { agoMs: string }>(text, values);
    return rows.map((row) => ({ ...row, agoMs: Number(row.agoMs) }));
  }
}
