import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { Database } from '../platform/database.js';
import { failureRatio, type AccountTrouble, type Slice, type BreakerState } from './breaker.js';
import { toldAt, type TrackRecord } from './track-record.js';
import { STANDING_CHANNEL, UNTOUCHED, WHOLE, type ProviderState, type Standing, type Standings } from './standing.js';

interface StandingRow {
  readonly provider: string;
  readonly operation: string;
  readonly state: ProviderState | null;
  readonly breaker: BreakerState | null;
  readonly since: Date | null;
  readonly reason: string | null;
  readonly cause: AccountTrouble | null;
  readonly outcomes: readonly Slice[] | null;
  readonly record: TrackRecord | null;
  readonly opens: number | null;
  readonly due: boolean | null;
  readonly now: number;
}

/** How the providers stand, as all processes share it: what operators said, and the breakers. */
@Injectable()
export class StandingStore {
  constructor(private readonly database: Database) {}

  async read(): Promise<ReadonlyMap<string, Standings>> {
    const rows = await this.database.query<StandingRow>({ name: 'standings', text: `
      SELECT provider, operation, s.state, b.state AS breaker, b.changed_at AS since, b.reason, b.cause, b.outcomes, b.record, b.opens, (extract(epoch FROM now()) * 1000)::float8 AS now,
        (b.state = 'open' AND b.open_until <= now()) OR (b.state = 'half_open' AND NOT EXISTS (
          SELECT 1 FROM stage g WHERE g.id = b.probe AND (EXISTS (SELECT 1 FROM attempt a WHERE a.stage_id = g.id AND a.ended_at IS NULL) OR (g.status = 'active' AND g.lease_until > now())))) AS due
      FROM provider_state s FULL JOIN breaker b USING (provider, operation)` });
    const standings = new Map<string, Map<string, Standing>>();
    for (const row of rows) standings.set(row.provider, (standings.get(row.provider) ?? new Map<string, Standing>()).set(row.operation, toStanding(row)));
    return standings;
  }

  /** An operator's word, and what the provider's timeline tells of it. What was said before is no news. */
  async say(provider: string, operation: string | null, state: ProviderState): Promise<void> {
    await this.database.query(
      `WITH was AS (SELECT coalesce((SELECT state FROM provider_state WHERE provider = $1 AND operation = $2), 'enabled') AS state),
       said AS (
         INSERT INTO provider_state AS known (provider, operation, state) VALUES ($1, $2, $3)
         ON CONFLICT (provider, operation) DO UPDATE SET state = $3, changed_at = now() WHERE known.state <> $3
         RETURNING provider)
       INSERT INTO provider_event (id, provider, type, detail)
       SELECT $4, said.provider, 'state.changed', jsonb_build_object('operation', $5::text, 'from', was.state, 'to', $3::text, 'reason', 'An operator said so.') FROM said, was WHERE was.state <> $3`,
      [provider, operation ?? WHOLE, state, uuidv7(), operation],
    );
    if (state === 'enabled' && operation === null) await this.trust(provider);
    this.database.tell(STANDING_CHANNEL, provider);
  }

  /** An operator who enables a provider has paid, or has changed the key: nobody waits for the pause to end. */
  private async trust(provider: string): Promise<void> {
    await this.database.query(
      `WITH was AS (SELECT provider, state FROM breaker WHERE provider = $1 AND operation = $2 AND cause IS NOT NULL AND state <> 'closed' FOR UPDATE),
       closed AS (
         UPDATE breaker b SET state = 'closed', cause = NULL, changed_at = now(), touched_at = now(), reason = $4, outcomes = '[]', opens = 0, open_until = NULL, probe = NULL
         FROM was WHERE b.provider = was.provider AND b.operation = $2)
       INSERT INTO provider_event (id, provider, type, detail)
       SELECT $3, provider, 'breaker.closed', jsonb_build_object('operation', NULL, 'from', state, 'to', 'closed', 'reason', $4::text) FROM was`,
      [provider, WHOLE, uuidv7(), 'An operator said that the account works again.'],
    );
  }

  /** Rows of breakers that were closed and left alone for so long say no more than no row. How many there were. */
  async forget(days: number, limit: number): Promise<number> {
    const rows = await this.database.query<object>(
      `DELETE FROM breaker WHERE (provider, operation) IN (
         SELECT provider, operation FROM breaker WHERE state = 'closed' AND touched_at < now() - make_interval(hours => 24 * $1::int) LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING 1`,
      [days, limit],
    );
    return rows.length;
  }
}

function toStanding({ state, breaker, since, reason, cause, outcomes, record, opens, due, now }: StandingRow): Standing {
  if (breaker === null) return { ...UNTOUCHED, state: state ?? 'enabled' };
  // A row that was made for its first outcomes never changed its state.
  const changed = reason === null ? null : since;
  return { state: state ?? 'enabled', ...(record === null ? {} : { record: toldAt(record, now) }), breaker: { state: breaker, since: changed?.toISOString() ?? null, reason, cause, due: due === true, badness: (opens ?? 0) + failureRatio({ outcomes: outcomes ?? [] }, now) } };
}
