import { setTimeout as pause } from 'node:timers/promises';

export interface Callback {
  readonly url: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly jobId: string;
  /** The status or event it tells, for the ledger. */
  readonly label: string;
  readonly delayMs?: number;
}

export interface RetryPolicy {
  readonly retries: number;
  /** Whether a status (null: no answer in time) is tried again. */
  readonly again: (status: number | null) => boolean;
  readonly timeoutMs: (attempt: number) => number;
  /** Called after each attempt, counted from 1. */
  readonly tried: (callback: Callback, attempt: number, status: number | null) => void;
}

/** Shorter than the vendors' own pauses, so that a test need not wait. */
const backoffMs = (attempt: number): number => Math.min(2_000, 50 * 2 ** (attempt - 1));

/** Sends callbacks: within a lane one after the other, lanes side by side. */
export class CallbackSender {
  private readonly lanes = new Map<string, Promise<void>>();
  private stopping = new AbortController();

  constructor(private readonly policy: RetryPolicy) {}

  send(lane: string, callback: Callback): void {
    const before = this.lanes.get(lane) ?? Promise.resolve();
    const { signal } = this.stopping;
    const turn = before.then(() => this.deliver(callback, signal)).catch(() => undefined);
    this.lanes.set(lane, turn);
    void turn.then(() => {
      if (this.lanes.get(lane) === turn) this.lanes.delete(lane);
    });
  }

  /** Forgets all that is still to be sent. */
  stop(): void {
    this.stopping.abort();
    this.stopping = new AbortController();
    this.lanes.clear();
  }

  private async deliver(callback: Callback, signal: AbortSignal): Promise<void> {
    if (callback.delayMs) await pause(callback.delayMs, undefined, { signal, ref: false });
    for (let attempt = 1; attempt <= 1 + this.policy.retries; attempt += 1) {
      const status = await post(callback, this.policy.timeoutMs(attempt), signal);
      signal.throwIfAborted();
      this.policy.tried(callback, attempt, status);
      if (!this.policy.again(status)) return;
      await pause(backoffMs(attempt), undefined, { signal, ref: false });
    }
  }
}

async function post({ url, body, headers }: Callback, timeoutMs: number, signal: AbortSignal): Promise<number | null> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch {
    return null;
  }
}
