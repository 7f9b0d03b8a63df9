import type { Readable } from 'node:stream';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { followingDeadline } from '../platform/deadline.js';
import { checkUrl, EgressRefused, type EgressPolicy } from '../platform/egress.js';
import { guardedDispatcher } from '../platform/egress-dispatcher.js';
import { exchange } from '../platform/exchange.js';
import { ExchangeFailed } from '../platform/exchange-failed.js';
import { EGRESS_POLICY } from '../platform/tokens.js';
import { readRetryAfter } from '../providers/vendor-call.js';
import type { Answer } from './delivery-schedule.js';
import type { Message } from './message.js';

/** Of one try, from the first look at the address to the head of the answer. */
const TIMEOUT_MS = 15_000;
/** What is read of an answer, so that its connection can be used again. Nobody looks at it. */
const BODY_BYTES = 16 * 1024;
const BODY_MS = 1000;

/** Puts messages to receivers, through the egress guard, over connections that it keeps for each of them. */
@Injectable()
export class Sender implements OnApplicationShutdown {
  /** In ms. */
  readonly patience: number = TIMEOUT_MS;
  private readonly dispatcher;

  constructor(@Inject(EGRESS_POLICY) private readonly policy: EgressPolicy) {
    this.dispatcher = guardedDispatcher(policy);
  }

  /** One try. No redirect is followed. `now`: the time at its start. Null when `signal` gave it up; nothing else is thrown. */
  async send(url: string, message: Message, now: Date, signal: AbortSignal): Promise<Answer | null> {
    const began = performance.now();
    const deadline = followingDeadline(signal);
    deadline.arm(this.patience);
    try {
      const { href } = checkUrl(url, this.policy);
      const { status, headers, body } = await exchange(this.dispatcher, { url: href, method: 'POST', ...message, signal: deadline.signal });
      deadline.arm(BODY_MS);
      await drop(body);
      const retryAfterMs = readRetryAfter(single(headers['retry-after']), new Date(now.getTime() + performance.now() - began));
      return { status, error: complaint(status), retryAfterMs };
    } catch (error) {
      if (error instanceof EgressRefused) return unanswered(error.message);
      if (!(error instanceof ExchangeFailed)) throw error;
      if (error.fault === 'aborted') return null;
      return unanswered(error.fault === 'egress' ? error.message : `The request ${error.message}.`);
    } finally {
      deadline.release();
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.dispatcher.destroy();
  }
}

const unanswered = (error: string): Answer => ({ status: null, error, retryAfterMs: null });

const single = (header: string | string[] | undefined): string | undefined => (Array.isArray(header) ? header[0] : header);

function complaint(status: number): string | null {
  if (status >= 200 && status <= 299) return null;
  return status >= 300 && status <= 399 ? `The request was answered ${status}; redirects are not followed.` : `The request was answered ${status}.`;
}

async function drop(body: Readable): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > BODY_BYTES) break;
    }
  } catch {
    // The answer's head has said all there is to know.
  }
}
