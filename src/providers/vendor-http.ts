import { setImmediate } from 'node:timers/promises';
import type { HttpService } from '@nestjs/axios';
import { AxiosHeaders, type AxiosRequestConfig } from 'axios';
import { followingDeadline, type Deadline } from '../platform/deadline.js';
import { checkUrl, EgressRefused, trustedHostOf, type EgressPolicy } from '../platform/egress.js';
import { guardedDispatcher, HTTP_TIMEOUTS, type HttpTimeouts } from '../platform/egress-dispatcher.js';
import type { Resolve } from '../platform/egress-lookup.js';
import { ExchangeFailed } from '../platform/exchange-failed.js';
import { DEFAULT_MAX_BODY_BYTES, undiciAdapter } from '../platform/undici-adapter.js';
import { isIntricate } from './intricate.js';
import { multipartBody } from './multipart-body.js';
import { VendorCallFailure, type CallFailurePhase, type VendorAnswer, type VendorCall, type VendorHttp } from './vendor-call.js';

/** In ms. `total`: a whole call, or of an upload the wait for its answer. `uploadIdle`: without a piece of the file moving. */
export interface VendorTimeouts extends HttpTimeouts {
  readonly total: number;
  readonly uploadIdle: number;
}

/** Texts of so many characters take some ms to go through. */
const LONG = 1_000_000;

export const VENDOR_TIMEOUTS: VendorTimeouts = { ...HTTP_TIMEOUTS, total: 60_000, uploadIdle: 15_000 };

/** The class of an answer's status ("2xx"), or how the call failed. */
export type CallOutcome = `${number}xx` | CallFailurePhase;

export interface VendorHttpOptions {
  /** The account's own; its host and port pass the egress guard. */
  readonly baseUrl: string;
  readonly http: Pick<HttpService, 'axiosRef'>;
  readonly policy: EgressPolicy;
  readonly metrics?: (call: string, ms: number, outcome: CallOutcome) => void;
  readonly timeouts?: Partial<VendorTimeouts>;
  /** The cap on an answer's decompressed body. */
  readonly maxBodyBytes?: number;
  readonly resolve?: Resolve;
}

export interface ClosableVendorHttp extends VendorHttp {
  /** Lets running calls end, and closes the connections. May be called again. */
  close(): Promise<void>;
}

/** Calls one account over connections of its own, kept for the life of the process. */
export function vendorHttp(options: VendorHttpOptions): ClosableVendorHttp {
  const { baseUrl, policy, resolve, maxBodyBytes, metrics } = options;
  const timeouts = { ...VENDOR_TIMEOUTS, ...options.timeouts };
  const dispatcher = guardedDispatcher(policy, { trustedHosts: [trustedHostOf(baseUrl)], timeouts, resolve });
  let closed: Promise<void> | null = null;
  const common: AxiosRequestConfig = {
    adapter: undiciAdapter(dispatcher),
    responseType: 'text',
    maxContentLength: maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES,
    validateStatus: null,
    // The text goes in and out as it is: what it means is the adapter's to say.
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
  };

  async function answerTo(call: VendorCall, deadline: Deadline): Promise<VendorAnswer> {
    const url = checkUrl(call.url, policy, baseUrl).href;
    const request = { ...common, url, method: call.method, signal: deadline.signal, ...contentOf(call, deadline, timeouts) };
    const answer = await options.http.axiosRef.request<string>(request);
    // A catalogue may be long, and is asked for seldom.
    if (call.name !== 'catalogue' && isIntricate(answer.data)) throw new ExchangeFailed('too_large', true, 'too_intricate', 'was answered with more lists and objects than are read');
    // To look through a long text takes a while, and so does to read it, which comes next: others have their turn between.
    if (answer.data.length > LONG) await setImmediate();
    const headers = AxiosHeaders.from(answer.headers as AxiosHeaders).toJSON(true);
    return { status: answer.status, headers, text: answer.data };
  }

  return {
    async call(call) {
      const startedAt = performance.now();
      const deadline = followingDeadline(call.signal);
      const note = (outcome: CallOutcome): void => metrics?.(call.name, performance.now() - startedAt, outcome);
      try {
        const answer = await answerTo(call, deadline);
        note(`${Math.floor(answer.status / 100)}xx`);
        return answer;
      } catch (error) {
        const failure = readFailure(error, call, deadline);
        note(failure.phase);
        throw failure;
      } finally {
        deadline.release();
      }
    },
    close: () => (closed ??= dispatcher.close()),
  };
}

/** A call's body, with its headers and limits. An upload may take as long as it moves; what else is sent has one limit. */
function contentOf(call: VendorCall, deadline: Deadline, timeouts: VendorTimeouts): AxiosRequestConfig {
  if (call.form === undefined) {
    const json = call.json === undefined ? {} : { data: JSON.stringify(call.json), headers: { ...call.headers, 'content-type': 'application/json' } };
    return { headers: { ...call.headers }, timeout: timeouts.total, ...json };
  }
  const body = multipartBody(
    call.form,
    () => deadline.arm(timeouts.uploadIdle),
    () => deadline.arm(timeouts.total),
  );
  return {
    headers: { ...call.headers, 'content-type': body.contentType, 'content-length': String(body.contentLength) },
    data: body.stream,
    headersTimeout: timeouts.total,
  };
}

/** Whatever was thrown as a failure of ours: nothing of the request travels on with it. */
function readFailure(error: unknown, call: VendorCall, deadline: Deadline): VendorCallFailure {
  const failed = (phase: CallFailurePhase, code: string, what: string) => new VendorCallFailure(phase, code, `The ${call.name} call to ${hostOf(call.url)} ${what}.`);
  if (call.signal.aborted) return failed('aborted', 'aborted', 'was given up');
  if (error instanceof EgressRefused) return failed('not_sent', 'egress_refused', `was not made: ${error.message.replace(/\.$/, '')}`);
  // An upload that stood still: axios answers with its own error as soon as the signal it was given aborts.
  if (deadline.signal.aborted) return failed('no_answer', 'timeout', 'stood still too long');
  if (!(error instanceof ExchangeFailed)) return failed('no_answer', 'unexpected', 'failed in an unexpected way');
  const what = error.fault === 'egress' ? `was not made: ${error.message.replace(/\.$/, '')}` : error.message;
  return failed(phaseOf(error), error.code, what);
}

function phaseOf({ fault, sent }: ExchangeFailed): CallFailurePhase {
  if (fault === 'too_large' || fault === 'aborted') return fault;
  return sent ? 'no_answer' : 'not_sent';
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'an unreadable address';
}
