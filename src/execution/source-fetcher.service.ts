import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dispatcher } from 'undici';
import { v7 as uuidv7 } from 'uuid';
import { ProviderError } from '../conversion/errors.js';
import { safeFilename } from '../conversion/filenames.js';
import { filenameOfUrl } from '../conversion/formats.js';
import type { Credentials, UrlInput } from '../conversion/job-graph.js';
import { contentTypeOf } from '../files/kinds.js';
import { FileTooLarge, Staging, type StagedFile } from '../files/staging.js';
import { Database } from '../platform/database.js';
import { DownloadFailed } from '../platform/download-failed.js';
import type { EgressPolicy } from '../platform/egress.js';
import { guardedDispatcher } from '../platform/egress-dispatcher.js';
import { Env } from '../platform/env.js';
import { openDownload } from '../platform/fetching.js';
import { EGRESS_POLICY } from '../platform/tokens.js';
import type { FileRow } from '../jobs/rows.js';

/** What may pass by itself is tried again after these pauses. */
const PAUSES_MS = [500, 2000];

/** Fetches files that callers want fetched by the gateway, once for a job: every stage and every provider after that has them from here. */
@Injectable()
export class SourceFetcher implements BeforeApplicationShutdown {
  private readonly dispatcher: Dispatcher;

  constructor(
    private readonly database: Database,
    private readonly staging: Staging,
    @Inject(EGRESS_POLICY) private readonly policy: EgressPolicy,
    @Inject(Env) private readonly env: Env,
  ) {
    this.dispatcher = guardedDispatcher(policy, { trustedHosts: [] });
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.dispatcher.destroy();
  }

  /** The file, kept. Throws `ProviderError` (`source_unreachable`, `invalid_input`), or `StagingTrouble` when it is our place that fails. */
  async fetch(jobId: string, input: UrlInput, headers: Credentials, signal: AbortSignal): Promise<FileRow> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.once(jobId, input, headers, signal);
      } catch (error) {
        if (!(error instanceof DownloadFailed)) throw error;
        const pause = PAUSES_MS[tries];
        if (pause === undefined || !mayPass(error) || signal.aborted) throw new ProviderError('source_unreachable', `The gateway could not fetch the input "${input.id}". ${error.message}`, { code: error.status === null ? error.reason : `http_${error.status}`, created: 'not_created' });
        await sleep(pause, undefined, { signal }).catch(() => undefined);
      }
    }
  }

  private async once(jobId: string, input: UrlInput, headers: Credentials, signal: AbortSignal): Promise<FileRow> {
    const maxBytes = this.env.raw.MAX_UPLOAD_BYTES;
    const download = await openDownload({ url: input.url, dispatcher: this.dispatcher, policy: this.policy, trustedHosts: [], headers, signal, maxBytes });
    const staged = await this.staging.write(download.body, maxBytes).catch((error: unknown) => {
      if (error instanceof FileTooLarge) throw new ProviderError('invalid_input', `The input "${input.id}" is larger than the ${maxBytes} bytes that are taken here (MAX_UPLOAD_BYTES).`, { code: 'too_large', created: 'not_created' });
      throw error;
    });
    return this.attach(jobId, input.id, staged, safeFilename(input.filename ?? download.filename ?? filenameOfUrl(input.url), input.id));
  }

  /** Two stages may need it at once: the first that has it wins. */
  private async attach(jobId: string, inputId: string, staged: StagedFile, filename: string): Promise<FileRow> {
    const id = uuidv7();
    return this.database.transaction(async (sql) => {
      await sql.query(`INSERT INTO file (id, job_id, role, path, filename, content_type, size, sha256) VALUES ($1, $2, 'upload', $3, $4, $5, $6, $7)`, [id, jobId, staged.path, filename, contentTypeOf(filename), staged.size, staged.sha256]);
      const won = await sql.query('UPDATE job_input SET file_id = $3 WHERE job_id = $1 AND id = $2 AND file_id IS NULL RETURNING id', [jobId, inputId, id]);
      const [row] = await sql.query<FileRow>('SELECT f.* FROM job_input i JOIN file f ON f.id = i.file_id WHERE i.job_id = $1 AND i.id = $2', [jobId, inputId]);
      if (row === undefined) throw new Error(`the input ${inputId} is gone`);
      // The loser's bytes go the way of every file whose time is over.
      if (won.length === 0) await sql.query('UPDATE file SET expires_at = now() WHERE id = $1', [id]);
      return row;
    });
  }
}

function mayPass({ reason, status }: DownloadFailed): boolean {
  return reason === 'no_answer' || reason === 'refused' || (status !== null && (status >= 500 || status === 429 || status === 408));
}
