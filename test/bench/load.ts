import { setImmediate, setTimeout } from 'node:timers/promises';
import { Pool } from 'undici';

/** The one request that a load is made of, and what its answer must be. */
export interface Target {
  readonly origin: string;
  readonly method: 'POST' | 'GET';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** What each request says instead, where no two may be alike. */
  readonly each?: () => Pick<Target, 'path' | 'headers' | 'body'>;
  /** What is wrong with an answer, or null. */
  readonly wrong: (status: number, body: string) => string | null;
}

/** An answer was not the expected one: a server that refuses is very fast, so nothing of the round counts. */
export class VoidRound extends Error {
  override readonly name = 'VoidRound';
}

/** `setTimeout` wakes up to a millisecond late; what is left before a request is due is spent awake. */
const AWAKE_MS = 1.5;

/** `connections` callers, each sending its next request when the last one was answered, `requests` in all. Returns requests per second. */
export async function closedLoop(target: Target, connections: number, requests: number): Promise<number> {
  const pool = new Pool(target.origin, { connections, pipelining: 1 });
  let left = requests;
  const caller = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await send(pool, target);
    }
  };
  try {
    const start = performance.now();
    await Promise.all(Array.from({ length: connections }, caller));
    return requests / ((performance.now() - start) / 1000);
  } finally {
    left = 0;
    await pool.destroy();
  }
}

/**
 * `perSecond` requests a second whatever becomes of those before. Returns each one's milliseconds from the moment it was due,
 * so that a server which stalls is charged for everybody whom it kept waiting.
 */
export async function openLoop(target: Target, perSecond: number, seconds: number): Promise<Float64Array> {
  const pool = new Pool(target.origin, { connections: 128, pipelining: 1 });
  const latencies = new Float64Array(Math.round(perSecond * seconds));
  const sent: Promise<void>[] = [];
  let failure: unknown = null;
  try {
    const start = performance.now() + 20;
    for (let index = 0; index < latencies.length && failure === null; index += 1) {
      const due = start + (index * 1000) / perSecond;
      await until(due);
      const answered = () => void (latencies[index] = performance.now() - due);
      sent.push(send(pool, target).then(answered, (error: unknown) => void (failure ??= error)));
    }
    await Promise.all(sent);
  } finally {
    await pool.destroy();
  }
  if (failure !== null) throw failure as Error;
  return latencies;
}

async function send(pool: Pool, target: Target): Promise<void> {
  const { method, wrong } = target;
  const { path, headers, body } = target.each?.() ?? target;
  const answer = await pool.request({ method, path, headers, body }).catch((error: Error) => {
    throw new VoidRound(`no answer: ${error.message}`);
  });
  const complaint = wrong(answer.statusCode, await answer.body.text());
  if (complaint !== null) throw new VoidRound(complaint);
}

async function until(due: number): Promise<void> {
  const rest = due - performance.now();
  if (rest > AWAKE_MS) await setTimeout(rest - AWAKE_MS);
  while (performance.now() < due) await setImmediate();
}
