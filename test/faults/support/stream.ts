import type { Gateway } from '../../support/gateway.ts';
import type { View } from './caller.ts';
import type { World } from './world.ts';

/** One answer to one request of the stream; status 0: the connection broke. `at`: when it was answered. */
export interface Said {
  readonly status: number;
  readonly ms: number;
  readonly at: number;
  readonly retryAfter: string | null;
  readonly text: string;
}

/** Jobs that go on coming, each sent again under its key until it is taken; and two probes of the process's health. */
export class Stream {
  readonly answers: Said[] = [];
  readonly live: Said[] = [];
  readonly ready: Said[] = [];
  readonly sent: string[] = [];
  private readonly world: World;
  private readonly gateway: Gateway;
  private readonly ways: Promise<void>[] = [];
  private readonly pauseMs: number;
  private over = false;

  constructor(world: World, gateway: Gateway, { lanes = 4, pauseMs = 25 } = {}) {
    this.world = world;
    this.gateway = gateway;
    this.pauseMs = pauseMs;
    for (let lane = 0; lane < lanes; lane += 1) this.ways.push(this.lane());
    this.ways.push(this.probe('live', this.live), this.probe('ready', this.ready));
  }

  /** What was sent is sent to its end. Returns every job's end. */
  async stop(): Promise<View[]> {
    this.over = true;
    await Promise.all(this.ways);
    return Promise.all(this.sent.map((id) => this.world.caller.ended(id, 60_000)));
  }

  /** What was neither taken nor refused as it ought to be: with 503 and a second's Retry-After. */
  improper(): Said[] {
    return this.refused().filter(({ status, retryAfter }) => status !== 503 || retryAfter !== '1');
  }

  /** Not counted: what a process on a busy machine turns away because it has enough to do. */
  refused(): Said[] {
    return this.answers.filter(({ status, text }) => status !== 202 && !text.includes(BUSY));
  }

  /** How long after `since` the last refusal came, in ms. */
  refusedAfter(since: number): number {
    return Math.max(0, ...this.refused().filter(({ at }) => at > since).map(({ at }) => at - since));
  }

  /** What half of the answers after `since` took at most, in ms. */
  medianAfter(since: number): number {
    const took = this.answers.filter(({ at }) => at > since).map(({ ms }) => ms).sort((one, other) => one - other);
    return took[Math.floor(took.length / 2)] ?? Infinity;
  }

  private get lives(): boolean {
    return this.gateway.process.exitCode === null && this.gateway.process.signalCode === null;
  }

  private async lane(): Promise<void> {
    while (!this.over && this.lives) {
      const key = `stream-${crypto.randomUUID()}`;
      for (const late = Date.now() + 60_000; Date.now() < late && this.lives; await pause(this.pauseMs)) {
        const said = await ask(this.gateway, '/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': key }, body: JSON.stringify(this.world.job()) });
        this.answers.push(said);
        if (said.status !== 202) continue;
        const { id } = JSON.parse(said.text) as View;
        this.world.caller.accepted.push({ id, idempotencyKey: key });
        this.sent.push(id);
        break;
      }
      await pause(this.pauseMs);
    }
  }

  private async probe(what: string, into: Said[]): Promise<void> {
    for (; !this.over; await pause(50)) into.push(await ask(this.gateway, `/health/${what}`));
  }
}

export async function ask(gateway: Gateway, path: string, init: RequestInit = {}): Promise<Said> {
  const began = performance.now();
  const answer = await gateway.call(path, { ...init, signal: AbortSignal.timeout(40_000) }).catch(() => null);
  const text = (await answer?.text().catch(() => '')) ?? '';
  return { status: answer?.status ?? 0, ms: Math.round(performance.now() - began), at: Date.now(), retryAfter: answer?.headers.get('retry-after') ?? null, text };
}

/** Asks again while the process is too busy to take it, as a machine with other things to do may be. */
export async function askPatiently(gateway: Gateway, path: string, init: RequestInit = {}): Promise<Said> {
  for (const late = Date.now() + 20_000; ; await pause(200)) {
    const said = await ask(gateway, path, init);
    if (!said.text.includes(BUSY) || Date.now() > late) return said;
  }
}

const BUSY = 'as much work as it can';

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
