import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'undici';
import type { Body } from '../faults/support/caller.ts';
import type { World } from '../faults/support/world.ts';
import { CANARIES } from '../faults/support/world.ts';
import { percentile } from '../bench/measure.ts';
import type { Sink } from './sink.ts';

/** What a stream of jobs came to, seen by those who sent them. */
export interface Lives {
  readonly sent: number;
  readonly accepted: number;
  /** Answers by status; 0 where none came. */
  readonly statuses: ReadonlyMap<number, number>;
  /** In ms, from the moment a request was due; of those accepted. */
  readonly acceptMs: readonly number[];
  /** In ms; of those turned away with 429 or 503, and how many of them had no Retry-After. */
  readonly refusedMs: readonly number[];
  readonly refusedUntold: number;
  /** Seconds from the first request to the last. */
  readonly seconds: number;
}

export interface Stream {
  readonly perSecond: number;
  readonly seconds: number;
  /** Sends again, with the same Idempotency-Key, what was not answered or answered with 429 or 5xx, when it was told to. */
  readonly insists?: boolean;
  readonly deadlineSeconds?: number;
}

/** Sends `perSecond` jobs a second whatever becomes of those before, to the gateways in turn; one line of progress every ten seconds. */
export async function stream(world: World, sink: Sink, { perSecond, seconds, insists = false, deadlineSeconds = 120 }: Stream): Promise<Lives> {
  const pools = new Map<string, Pool>();
  const statuses = new Map<number, number>();
  const acceptMs: number[] = [];
  const refusedMs: number[] = [];
  let refusedUntold = 0;
  let turn = 0;
  /** Null: it is taken, or never will be. Else in ms, when it may be sent again. */
  const once = async (body: string, key: string, due: number): Promise<number | null> => {
    let afterMs = 200 + Math.random() * 300;
    const gateway = world.gateways[(turn += 1) % Math.max(1, world.gateways.length)];
    if (gateway === undefined) return afterMs;
    const pool = pools.get(gateway.url) ?? new Pool(gateway.url, { connections: 64, pipelining: 1 });
    pools.set(gateway.url, pool);
    const status = await pool
      .request({ method: 'POST', path: '/v1/jobs', headers: { authorization: `Bearer ${CANARIES.admin}`, 'content-type': 'application/json', 'idempotency-key': key }, body })
      .then(async (answer) => {
        const text = await answer.body.text();
        if (answer.statusCode === 202) {
          acceptMs.push(performance.now() - due);
          const { id } = JSON.parse(text) as { id: string };
          world.caller.accepted.push({ id, idempotencyKey: key });
        } else if (answer.statusCode === 429 || answer.statusCode === 503) {
          refusedMs.push(performance.now() - due);
          if (answer.headers['retry-after'] === undefined) refusedUntold += 1;
          else afterMs += 1000 * Number(answer.headers['retry-after']);
        }
        return answer.statusCode;
      })
      .catch(() => 0);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    return status === 202 || (status >= 400 && status < 500 && status !== 429 && status !== 409) ? null : afterMs;
  };
  const send = async (nth: number, due: number): Promise<void> => {
    const body = JSON.stringify(smallJob(sink, nth, deadlineSeconds));
    const key = `load-${nth}-${crypto.randomUUID()}`;
    for (let afterMs = await once(body, key, due); insists && afterMs !== null; afterMs = await once(body, key, performance.now())) await pause(afterMs);
  };
  const count = Math.round(perSecond * seconds);
  const sent: Promise<void>[] = [];
  const start = performance.now() + 20;
  for (let nth = 0; nth < count; nth += 1) {
    const due = start + (nth * 1000) / perSecond;
    const rest = due - performance.now();
    if (rest > 1) await pause(rest);
    sent.push(send(nth, due));
    if (nth > 0 && nth % (10 * perSecond) === 0) console.log(`  ${nth / perSecond} s: ${nth} sent, ${acceptMs.length} accepted, ${sink.endedAt.size} ended`);
  }
  await Promise.all(sent);
  const spent = (performance.now() - start) / 1000;
  await Promise.all([...pools.values()].map((pool) => pool.destroy()));
  return { sent: count, accepted: acceptMs.length, statuses, acceptMs, refusedMs, refusedUntold, seconds: spent };
}

/** A few lines of text to HTML: both vendors do it, and it costs the sandbox next to nothing. */
export function smallJob(sink: Sink, nth: number, deadlineSeconds: number): Body {
  return {
    inputs: [{ type: 'url', url: 'https://files.example.com/notes.txt' }],
    steps: [{ operation: 'convert', to: 'html' }],
    routing: { prefer: [nth % 2 === 0 ? 'api2convert' : 'runconvert'], deadlineSeconds },
    webhook: { url: `${sink.origin}/hook`, secret: CANARIES.webhook },
  };
}

export const ms = (values: readonly number[], share: number): string => (values.length === 0 ? '—' : `${percentile(values, share).toFixed(1)} ms`);
