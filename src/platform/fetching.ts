import type { IncomingHttpHeaders } from 'node:http';
import { Transform, type Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { decoded } from './content-coding.js';
import { filenameOf } from './disposition.js';
import { DownloadFailed, readDownloadFailure } from './download-failed.js';
import { checkUrl, EgressRefused, trustedHostOf, type EgressPolicy } from './egress.js';
import { exchange, type ExchangeAnswer } from './exchange.js';
import { ExchangeFailed, readExchangeFailure } from './exchange-failed.js';

export interface DownloadWish {
  readonly url: string;
  /** A `guardedDispatcher` of the same policy and trusted hosts. */
  readonly dispatcher: Dispatcher;
  readonly policy: EgressPolicy;
  /** "host:port" pairs that pass unchecked (`trustedHostOf`). */
  readonly trustedHosts: readonly string[];
  /** Sent to the origin of `url` alone. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the transfer too, not only its start. */
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly maxRedirects?: number;
}

export interface Download {
  /** 2xx. */
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** A name, never a path. */
  readonly filename: string | null;
  readonly contentType: string | null;
  /** In bytes, as announced; null when unknown. */
  readonly size: number | null;
  /** Fails with `DownloadFailed`. Read it to its end or destroy it: it holds a connection. */
  readonly body: Readable;
}

interface Hop {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Opens a file behind a URL that came from outside. Follows redirects by hand, each hop checked anew; the caller's headers
 * do not leave the first origin, and https does not become http. Throws `DownloadFailed`.
 */
export async function openDownload(wish: DownloadWish): Promise<Download> {
  let hop: Hop = { url: checkedUrl(wish.url, wish), headers: wish.headers ?? {} };
  for (let hops = 0; hops <= (wish.maxRedirects ?? 5); hops += 1) {
    const answer = await ask(hop, wish);
    if (!REDIRECTS.has(answer.status)) return opened(answer, hop.url.host, wish);
    drop(answer);
    hop = nextHop(hop, answer, wish);
  }
  throw new DownloadFailed('redirect', `The download from ${hop.url.host} was redirected too often.`);
}

function checkedUrl(url: string, { policy, trustedHosts }: DownloadWish): URL {
  try {
    const origin = URL.canParse(url) && trustedHosts.includes(trustedHostOf(url)) ? new URL(url).origin : undefined;
    return checkUrl(url, policy, origin === 'null' ? undefined : origin);
  } catch (error) {
    if (error instanceof EgressRefused) throw new DownloadFailed('egress', error.message);
    throw error;
  }
}

async function ask(hop: Hop, wish: DownloadWish): Promise<ExchangeAnswer> {
  // Asked plain, so that size and ranges are those of the file.
  const headers = { ...hop.headers, 'accept-encoding': 'identity' };
  try {
    return await exchange(wish.dispatcher, { url: hop.url.href, method: 'GET', headers, body: null, signal: wish.signal });
  } catch (error) {
    throw readDownloadFailure(readExchangeFailure(error, false, wish.signal), hop.url.host);
  }
}

function nextHop(from: Hop, answer: ExchangeAnswer, wish: DownloadWish): Hop {
  const location = answer.headers.location;
  if (location === undefined || !URL.canParse(location, from.url.href)) throw new DownloadFailed('redirect', `The download from ${from.url.host} was redirected to nowhere.`);
  // Joined by the parser, but checked as written where it is absolute: the parser drops what the check looks for.
  const url = checkedUrl(URL.canParse(location) ? location : new URL(location, from.url.href).href, wish);
  if (from.url.protocol === 'https:' && url.protocol === 'http:') throw new DownloadFailed('redirect', `The download from ${from.url.host} was redirected from https to http.`);
  return { url, headers: url.origin === from.url.origin ? from.headers : {} };
}

function opened(answer: ExchangeAnswer, host: string, wish: DownloadWish): Download {
  const { status, headers } = answer;
  if (status < 200 || status > 299) {
    drop(answer);
    throw new DownloadFailed('status', `The download from ${host} was answered ${status}.`, status);
  }
  const encoded = headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity';
  const size = encoded || headers['content-length'] === undefined ? null : Number(headers['content-length']);
  if (size !== null && size > wish.maxBytes) {
    drop(answer);
    throw tooLarge(host, wish.maxBytes);
  }
  try {
    const body = metered(decoded(answer.body, headers['content-encoding']), host, wish);
    return { status, headers, filename: filenameOf(headers['content-disposition']), contentType: headers['content-type'] ?? null, size, body };
  } catch (error) {
    if (error instanceof ExchangeFailed) throw readDownloadFailure(error, host);
    throw error;
  }
}

function metered(source: Readable, host: string, { maxBytes, signal }: DownloadWish): Readable {
  let size = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > maxBytes) done(tooLarge(host, maxBytes));
      else done(null, chunk);
    },
  });
  // It may break before its reader listens, and an error that nobody hears ends the process; who reads later finds it all the same.
  meter.on('error', () => undefined);
  source.on('error', (error) => meter.destroy(readDownloadFailure(readExchangeFailure(error, true, signal), host)));
  meter.on('close', () => source.destroy());
  return source.pipe(meter);
}

function tooLarge(host: string, maxBytes: number): DownloadFailed {
  return new DownloadFailed('too_large', `The file from ${host} is larger than ${maxBytes} bytes.`);
}

function drop(answer: ExchangeAnswer): void {
  answer.body.on('error', () => undefined).destroy();
}
