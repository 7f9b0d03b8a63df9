import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { Staging } from '../files/staging.js';
import { readRange, type ByteRange } from '../files/ranges.js';
import { UUID } from '../http/paging.js';
import { notFound, Problem } from '../http/problem.js';
import { JobsService } from './jobs.service.js';
import { outputsOf } from './job-view.js';
import type { FileRow } from './rows.js';

/** A result, or a part of it, ready to be sent. */
export interface OpenOutput {
  readonly file: FileRow;
  readonly size: number;
  readonly etag: string;
  readonly range: ByteRange | null;
  readonly open: () => Readable;
}

@Injectable()
export class OutputService {
  constructor(
    private readonly jobs: JobsService,
    private readonly staging: Staging,
  ) {}

  async find(tenant: string, jobId: string, outputId: string, rangeHeader?: string): Promise<OpenOutput> {
    const job = await this.jobs.read(tenant, jobId);
    const file = UUID.test(outputId) ? outputsOf(job).find(({ id }) => id === outputId) : undefined;
    if (file === undefined) throw notFound('output');
    const { path } = file;
    if (file.erased_at !== null || path === null) throw new Problem('gone', `The result was kept until ${file.expires_at ?? 'its retention was over'} and is erased.`);
    const size = Number(file.size);
    const range = readRange(rangeHeader, size);
    if (range === 'unsatisfiable') throw new Problem('range_not_satisfiable', `The file has ${size} bytes.`, { headers: { 'content-range': `bytes */${size}` } });
    return { file, size, etag: `"${file.sha256 ?? file.id}"`, range, open: () => this.staging.open(path, range ?? undefined) };
  }
}
