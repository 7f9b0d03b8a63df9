import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';
import type { Sql } from '../platform/sql.js';
import { ANY_SIZE, workKey } from './catalogue-view.js';
import { CatalogueViews } from './catalogue-views.js';
import { joinedFigure, learnedOf, settledFigure, type LearnedWork, type WorkSample } from './learned-work.js';

/** Work of one kind at a provider. */
export interface WorkKind {
  readonly operation: string;
  readonly from: string | null;
  readonly to: string | null;
  readonly size: string;
}

interface Row {
  readonly provider: string;
  readonly operation: string;
  readonly source: string;
  readonly target: string;
  readonly size: string;
  readonly samples: readonly WorkSample[];
  readonly told: number | null;
  readonly changed: string;
  readonly now: number;
}

/** Samples that are kept of one kind of work; once there are so many, one a minute is enough. */
const KEPT = 40;
/** What grew old, or was deleted, is noticed after this. */
const WHOLE_MS = 600_000;

/** Keeps this process's views of what work costs and takes as it is in the database. */
@Injectable()
export class LearnedPrices {
  /** By provider, then by kind without its size, then by size. */
  private readonly samples = new Map<string, Map<string, Map<string, Row>>>();
  private since = '-infinity';
  private wholeAt = -Infinity;

  constructor(
    private readonly database: Database,
    private readonly views: CatalogueViews,
  ) {}

  /** Reads what changed since the last look, and now and then everything. */
  async refresh(): Promise<void> {
    const whole = performance.now() - this.wholeAt > WHOLE_MS;
    const rows = await this.database.query<Row>(
      // Writers that were slow to commit are older than what was seen last.
      `SELECT provider, operation, source, target, size_class AS size, samples, told_seconds AS told, changed_at::text AS changed, extract(epoch FROM now())::float8 * 1000 AS now
       FROM price_observation WHERE provider = ANY($1) AND changed_at >= $2::timestamptz - interval '1 minute' ORDER BY changed_at`,
      [this.views.ids(), whole ? '-infinity' : this.since],
    );
    if (whole) {
      this.samples.clear();
      this.wholeAt = performance.now();
    }
    for (const provider of this.views.ids()) this.take(provider, rows.filter((row) => row.provider === provider), whole);
    this.since = rows.at(-1)?.changed ?? this.since;
    await this.tell(rows);
  }

  /** Writes down what is told from now on, where the samples have left behind what was: rarely, and by whoever sees it first. */
  private async tell(rows: readonly Row[]): Promise<void> {
    const moved = rows.flatMap((row) => {
      const after = settledWork(row).seconds?.mean.toNumber();
      const { provider, operation, source, target, size, told } = row;
      return after === undefined || after === told ? [] : [{ provider, operation, source, target, size_class: size, before: told, after }];
    });
    if (moved.length === 0) return;
    await this.database.query(
      `UPDATE price_observation o SET told_seconds = m.after
       FROM jsonb_to_recordset($1::jsonb) AS m (provider text, operation text, source text, target text, size_class text, before float8, after float8)
       WHERE (o.provider, o.operation, o.source, o.target, o.size_class) = (m.provider, m.operation, m.source, m.target, m.size_class) AND o.told_seconds IS NOT DISTINCT FROM m.before`,
      [JSON.stringify(moved)],
    );
  }

  private take(provider: string, rows: readonly Row[], whole: boolean): void {
    if (rows.length === 0 && !whole) return;
    const kinds = this.samples.get(provider) ?? new Map<string, Map<string, Row>>();
    this.samples.set(provider, kinds);
    const work = new Map<string, LearnedWork>(whole ? [] : this.views.of(provider).work);
    for (const row of rows) {
      const [from, to] = [row.source === '' ? null : row.source, row.target === '' ? null : row.target];
      const kind = workKey(row.operation, from, to, ANY_SIZE);
      const sizes = (kinds.get(kind) ?? new Map<string, Row>()).set(row.size, row);
      kinds.set(kind, sizes);
      work.set(workKey(row.operation, from, to, row.size), settledWork(row));
      const { credits, seconds } = learnedOf([...sizes.values()].flatMap(({ samples }) => samples), row.now);
      work.set(kind, { credits, seconds: joinedFigure(seconds, [...sizes.values()].map((size) => settledWork(size).seconds)) });
    }
    this.views.put(provider, { work });
  }
}

/** From one row all processes make the same, whether what is told has been written down yet or not. */
function settledWork({ samples, told, now }: Row): LearnedWork {
  const { credits, seconds } = learnedOf(samples, now);
  return { credits, seconds: settledFigure(seconds, told) };
}

/** Notes what an attempt that has ended took and cost: `credits` for one file. False: enough was learned a moment ago, and nothing is written, and nothing locked. */
export async function recordWork(sql: Sql, attemptId: string, { operation, from, to, size }: WorkKind, credits: number | null): Promise<boolean> {
  const rows = await sql.query({ name: 'work_took', text: `
    INSERT INTO price_observation AS known (provider, operation, source, target, size_class, samples)
    SELECT a.provider, $2, $3, $4, $5, jsonb_build_array(jsonb_build_object('credits', $6::numeric, 'seconds', round(extract(epoch FROM a.ended_at - a.started_at)::numeric, 3), 'at', (extract(epoch FROM a.ended_at) * 1000)::bigint))
    FROM attempt a WHERE a.id = $1 AND a.ended_at IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM price_observation o WHERE o.provider = a.provider AND o.operation = $2 AND o.source = $3 AND o.target = $4 AND o.size_class = $5
        AND o.changed_at > now() - interval '1 minute' AND jsonb_array_length(o.samples) >= ${KEPT})
    ON CONFLICT (provider, operation, source, target, size_class) DO UPDATE SET changed_at = now(), samples = (
      SELECT jsonb_agg(s.sample ORDER BY s.number) FROM jsonb_array_elements(known.samples || excluded.samples) WITH ORDINALITY AS s (sample, number)
      WHERE s.number > jsonb_array_length(known.samples) + 1 - ${KEPT})
    RETURNING 1` }, [attemptId, operation, from ?? '', to ?? '', size, credits]);
  return rows.length > 0;
}
