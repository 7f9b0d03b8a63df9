import type { Gateway } from '../../support/gateway.ts';

export type Body = Readonly<Record<string, unknown>>;

/** A job that was answered with 2xx: from here on the service owes its end. */
export interface Accepted {
  readonly id: string;
  readonly idempotencyKey: string | null;
}

export interface View {
  readonly id: string;
  readonly status: string;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly attempts: readonly { readonly id: string; readonly provider: string; readonly status: string; readonly providerJobId: string | null; readonly error: { readonly kind: string; readonly message: string } | null }[];
  readonly outputs: readonly { readonly url: string; readonly size: number; readonly checksum: string }[];
}

/** A caller as a good one is: it sends with an Idempotency-Key, tries again when nobody answered, and keeps a ledger of its own. */
export class Caller {
  readonly accepted: Accepted[] = [];
  /** What gateways wrote that are gone by now. */
  readonly logs: string[] = [];
  private readonly gateways: () => readonly Gateway[];
  private turn = 0;

  constructor(gateways: () => readonly Gateway[]) {
    this.gateways = gateways;
  }

  /** Until it is accepted, at whichever gateway answers, for as long as `ms`. */
  async send(body: Body, { key = `fault-${crypto.randomUUID()}`, ms = 30_000 } = {}): Promise<View> {
    let last = 'no gateway is there';
    for (const late = Date.now() + ms; Date.now() < late; await pause(50)) {
      const gateway = this.next();
      if (gateway === undefined) continue;
      try {
        const answer = await gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': key }, body: JSON.stringify(body) });
        const text = await answer.text();
        if (answer.status === 202 || answer.status === 200) {
          const view = JSON.parse(text) as View;
          if (!this.accepted.some(({ id }) => id === view.id)) this.accepted.push({ id: view.id, idempotencyKey: key });
          return view;
        }
        last = `${answer.status}: ${text}`;
        if (answer.status < 500 && answer.status !== 429 && answer.status !== 409) throw new Refused(last);
      } catch (error) {
        if (error instanceof Refused) throw error;
        last = String(error);
      }
    }
    throw new Error(`the job was not accepted within ${ms} ms: ${last}`);
  }

  async read(id: string): Promise<View | null> {
    const answer = await this.next()?.call(`/v1/jobs/${id}`).catch(() => undefined);
    return answer?.status === 200 ? ((await answer.json()) as View) : null;
  }

  /** The job once it has ended. */
  async ended(id: string, ms = 30_000): Promise<View> {
    let last: View | null = null;
    for (const late = Date.now() + ms; Date.now() < late; await pause(40)) {
      last = (await this.read(id)) ?? last;
      if (last !== null && ['completed', 'failed', 'canceled'].includes(last.status)) return last;
    }
    throw new Error(`job ${id} did not end within ${ms} ms: ${JSON.stringify(last)}`);
  }

  private next(): Gateway | undefined {
    const all = this.gateways();
    return all[(this.turn += 1) % Math.max(1, all.length)];
  }
}

/** The service said no, and would again. */
export class Refused extends Error {}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
