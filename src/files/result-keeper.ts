import { Inject, Injectable } from '@nestjs/common';
import type { Dispatcher } from 'undici';
import { ProviderError } from '../conversion/errors.js';
import { baseName, safeFilename } from '../conversion/filenames.js';
import { canonicalFormat, filenameOfUrl, formatOfFilename } from '../conversion/formats.js';
import type { VendorFile } from '../conversion/provider.js';
import { DownloadFailed } from '../platform/download-failed.js';
import { trustedHostOf, type EgressPolicy } from '../platform/egress.js';
import { guardedDispatcher } from '../platform/egress-dispatcher.js';
import { openDownload, type Download } from '../platform/fetching.js';
import { EGRESS_POLICY } from '../platform/tokens.js';
import { contentTypeOf, whyNot } from './kinds.js';
import { FileTooLarge, Staging } from './staging.js';

/** A result as we hold it. `path` in the staging place, `size` in bytes. */
export interface KeptFile {
  readonly path: string;
  readonly filename: string;
  readonly contentType: string;
  readonly size: number;
  readonly sha256: string;
  readonly source: VendorFile;
}

const LEAST_ROOM_BYTES = 65_536;
const MAX_RESULT_BYTES = 50 * 1024 ** 3;

/** Fetches a vendor's results once, streaming, and checks that each is what it claims to be. */
@Injectable()
export class ResultKeeper {
  private readonly dispatchers = new Map<string, Dispatcher>();

  constructor(
    private readonly staging: Staging,
    @Inject(EGRESS_POLICY) private readonly policy: EgressPolicy,
  ) {}

  /**
   * `format` is what the step should have made, null when nobody can tell. A vendor's files may come from the host of its own base URL.
   * Throws `ProviderError` (`output_invalid`, `unavailable`), or `StagingTrouble` when it is our place that fails.
   */
  async keep(file: VendorFile, format: string | null, baseUrl: string, signal: AbortSignal): Promise<KeptFile> {
    // A vendor hands a result out a few times and no more: none of them is spent on a place that is full.
    await this.staging.expectRoom(Math.max(file.size ?? 0, LEAST_ROOM_BYTES));
    const download = await this.open(file, baseUrl, signal);
    const staged = await this.staging.write(download.body, MAX_RESULT_BYTES).catch((error: unknown) => {
      throw error instanceof DownloadFailed || error instanceof FileTooLarge ? brokenDownload(error) : error;
    });
    const named = file.filename ?? download.filename ?? filenameOfUrl(file.url);
    const claimed = format ?? formatOfFilename(named);
    const wrong = (await whyNot(claimed, staged.head, staged.size)) ?? sizeDiffers(file, staged.size);
    if (wrong !== null) {
      await this.staging.remove(staged.path);
      throw new ProviderError('output_invalid', `The result of step "${file.step}" is not what it should be. ${wrong}`);
    }
    const filename = nameFor(named, format, file.step);
    return { path: staged.path, filename, contentType: contentTypeOf(filename), size: staged.size, sha256: staged.sha256, source: file };
  }

  async close(): Promise<void> {
    await Promise.all([...this.dispatchers.values()].map((dispatcher) => dispatcher.close()));
  }

  private async open(file: VendorFile, baseUrl: string, signal: AbortSignal): Promise<Download> {
    const trusted = trustedHostOf(baseUrl);
    const dispatcher = this.dispatchers.get(trusted) ?? guardedDispatcher(this.policy, { trustedHosts: [trusted] });
    this.dispatchers.set(trusted, dispatcher);
    try {
      return await openDownload({ url: file.url, ...(file.headers === undefined ? {} : { headers: file.headers }), dispatcher, policy: this.policy, trustedHosts: [trusted], signal, maxBytes: MAX_RESULT_BYTES });
    } catch (error) {
      throw error instanceof DownloadFailed ? brokenDownload(error) : error;
    }
  }
}

/** A result that cannot be had: gone or forbidden for good is an invalid output, anything else may pass. */
function brokenDownload(error: DownloadFailed | FileTooLarge): ProviderError {
  if (error instanceof FileTooLarge || error.reason === 'too_large' || error.reason === 'egress' || error.reason === 'redirect' || error.reason === 'undecodable') {
    return new ProviderError('output_invalid', error.message, { code: 'download_refused' });
  }
  const gone = error.reason === 'status' && error.status !== null && error.status >= 400 && error.status < 500 && error.status !== 429;
  return new ProviderError(gone ? 'output_invalid' : 'unavailable', error.message, { code: error.status === null ? error.reason : `http_${error.status}` });
}

function sizeDiffers(file: VendorFile, size: number): string | null {
  return file.size === null || file.size === 0 || file.size === size ? null : `The provider announced ${file.size} bytes, and ${size} came.`;
}

/** The vendor's name for it, made safe, with the ending of the format that was asked for. */
function nameFor(named: string | null, format: string | null, step: string): string {
  const safe = safeFilename(named, format === null ? step : `${step}.${format}`);
  const ending = formatOfFilename(safe);
  return format === null || (ending !== null && canonicalFormat(ending) === format) || ending === 'zip' ? safe : `${baseName(safe)}.${format}`;
}
