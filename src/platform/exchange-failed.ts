import { DeadlinePassed } from './deadline.js';
import { EgressRefused } from './egress.js';

/**
 * - `egress`: the guard refused. - `timeout`: connecting, the head, a pause in the body, or the whole took too long.
 * - `aborted`: the caller's signal. - `too_large`: the body passed the cap. - `undecodable`: its content coding is unknown or wrong.
 * - `broken`: anything else between here and there (DNS, TCP, TLS, reset, cut body, not HTTP).
 */
export type ExchangeFault = 'egress' | 'timeout' | 'aborted' | 'too_large' | 'undecodable' | 'broken';

/**
 * An HTTP exchange that gave no whole answer. Holds nothing of the request: no URL, header or body.
 * `sent`: whether a request was put on a connection, so that the other side may have acted on it.
 */
export class ExchangeFailed extends Error {
  override readonly name = 'ExchangeFailed';

  constructor(
    readonly fault: ExchangeFault,
    readonly sent: boolean,
    /** "ECONNREFUSED", "UND_ERR_SOCKET", "timeout", … */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const TIMEOUTS: ReadonlySet<string> = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT', 'ETIMEDOUT']);

/** Any error of `undici` or of a body stream in these words. Foreign messages are left behind: they quote what was sent. */
export function readExchangeFailure(error: unknown, sent: boolean, signal: AbortSignal | undefined): ExchangeFailed {
  if (error instanceof ExchangeFailed) return error;
  if (error instanceof EgressRefused) return new ExchangeFailed('egress', false, 'egress_refused', error.message);
  if (signal?.aborted === true) {
    if (signal.reason instanceof DeadlinePassed) return new ExchangeFailed('timeout', sent, 'timeout', 'took too long');
    return new ExchangeFailed('aborted', sent, 'aborted', 'was given up');
  }
  const code = codeOf(error);
  if (TIMEOUTS.has(code)) return new ExchangeFailed('timeout', sent, 'timeout', 'took too long');
  if (code.startsWith('Z_') || code.startsWith('ERR_BROTLI') || code.startsWith('ERR__ERROR_')) {
    return new ExchangeFailed('undecodable', sent, code, 'was answered with a body that cannot be decompressed');
  }
  return new ExchangeFailed('broken', sent, code, sent ? `got no whole answer (${code})` : `could not connect (${code})`);
}

function codeOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : null;
  return typeof code === 'string' && /^\w{1,64}$/.test(code) ? code : 'unknown';
}
