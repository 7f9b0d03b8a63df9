import type { Cause } from '../jobs/event-store.js';
import type { Sql } from '../platform/sql.js';
import type { LiveAttempt } from './scene.js';
import type { Lease } from './stage-store.js';

/** What came for an attempt since it was last looked at. */
export interface News {
  readonly cause: Cause;
  /** Bodies whose signatures are valid, the newest first. */
  readonly proven: readonly string[];
}

export const NO_NEWS: News = { cause: 'poll', proven: [] };

/** Takes up an attempt's callbacks, each once: whoever stumbles over one asks the vendor the next time. */
export async function takeNews(sql: Sql, lease: Lease, attempt: Pick<LiveAttempt, 'id'>): Promise<News> {
  const rows = await sql.query<{ outcome: string; body: string; at: Date; replayed: boolean }>(
    { name: 'take_news', text: `
     UPDATE callback SET read_at = now() FROM stage
     WHERE stage.id = $1 AND stage.lease_epoch = $2 AND callback.attempt_id = $3 AND callback.read_at IS NULL
     RETURNING callback.outcome, callback.body, greatest(callback.received_at, callback.replayed_at) AS at, callback.replayed_at IS NOT NULL AS replayed` },
    [lease.stageId, lease.epoch, attempt.id],
  );
  const [newest, ...older] = rows.sort((one, other) => other.at.getTime() - one.at.getTime());
  if (newest === undefined) return NO_NEWS;
  return { cause: newest.replayed ? 'operator' : 'callback', proven: [newest, ...older].filter(({ outcome }) => outcome === 'proven').map(({ body }) => body) };
}
