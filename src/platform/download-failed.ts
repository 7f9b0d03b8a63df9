import type { ExchangeFailed } from './exchange-failed.js';

/**
 * - `egress`: the guard refused the URL or a hop. - `redirect`: too many hops, one to http from https, or one to nowhere.
 * - `refused`: no connection (DNS, TCP, TLS). - `status`: an answer other than 2xx. - `too_large`: more than `maxBytes`.
 * - `no_answer`: reset, timeout, or a body cut short. - `undecodable`: a content encoding that cannot be undone.
 * - `aborted`: the caller's own signal.
 */
export type DownloadFault = 'egress' | 'redirect' | 'refused' | 'status' | 'too_large' | 'no_answer' | 'undecodable' | 'aborted';

/** A file that could not be fetched. The message names the host and never the path, query or a header. */
export class DownloadFailed extends Error {
  override readonly name = 'DownloadFailed';

  constructor(
    readonly reason: DownloadFault,
    message: string,
    /** The HTTP status where the reason is `status`. */
    readonly status: number | null = null,
  ) {
    super(message);
  }
}

/** A failed exchange with `host` as a failed download. */
export function readDownloadFailure(failure: ExchangeFailed, host: string): DownloadFailed {
  return new DownloadFailed(faultOf(failure), failure.fault === 'egress' ? failure.message : `The download from ${host} ${failure.message}.`);
}

function faultOf({ fault, sent }: ExchangeFailed): DownloadFault {
  switch (fault) {
    case 'egress':
    case 'too_large':
    case 'undecodable':
    case 'aborted':
      return fault;
    case 'timeout':
    case 'broken':
      return sent ? 'no_answer' : 'refused';
    default:
      return fault satisfies never;
  }
}
