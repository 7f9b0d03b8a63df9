import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { request, type Dispatcher } from 'undici';
import { readExchangeFailure } from './exchange-failed.js';

export interface ExchangeWish {
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer | Readable | null;
  readonly signal: AbortSignal | undefined;
  /** In ms, in place of the dispatcher's own; 0 for none. */
  readonly headersTimeout?: number;
}

/** `body` must be read or destroyed; its errors are foreign: read them with `readExchangeFailure(error, true, signal)`. */
export interface ExchangeAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/**
 * One request, one answer, no redirect followed. Throws `ExchangeFailed` and nothing else. It knows for certain whether
 * the request was put on a connection, which no error code tells: the dispatcher says so when it begins to write.
 */
export async function exchange(dispatcher: Dispatcher, wish: ExchangeWish): Promise<ExchangeAnswer> {
  let sent = false;
  const noting = dispatcher.compose((dispatch) => (options, handler) => dispatch(options, new StartNoted(handler, () => (sent = true))));
  try {
    const { url, headersTimeout, method, headers, body, signal } = wish;
    const answer = await request(url, { method, headers, body, signal, dispatcher: noting, ...(headersTimeout === undefined ? {} : { headersTimeout }) });
    return { status: answer.statusCode, headers: answer.headers, body: answer.body };
  } catch (error) {
    throw readExchangeFailure(error, sent, wish.signal);
  }
}

/** Passes everything on, and tells when the request begins to be written. */
class StartNoted implements Dispatcher.DispatchHandler {
  constructor(
    private readonly inner: Dispatcher.DispatchHandler,
    private readonly note: () => void,
  ) {}

  onRequestStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onRequestStart']>>): void {
    this.note();
    this.inner.onRequestStart?.(...args);
  }

  onResponseStart(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseStart']>>): void {
    this.inner.onResponseStart?.(...args);
  }

  onResponseData(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseData']>>): void {
    this.inner.onResponseData?.(...args);
  }

  onResponseEnd(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseEnd']>>): void {
    this.inner.onResponseEnd?.(...args);
  }

  onResponseError(...args: Parameters<NonNullable<Dispatcher.DispatchHandler['onResponseError']>>): void {
    this.inner.onResponseError?.(...args);
  }
}
