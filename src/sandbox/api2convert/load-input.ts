import { runTask, Unconvertible, type SourceFile } from '../engine/engine.js';
import { fetchSource, SourceUnreachable } from '../fetching.js';
import { inputChecksum } from './checksums.js';
import type { Input, Job, Trouble } from './job.js';
import type { JobStore } from './job-store.js';

const CAPTURES = new Map([
  ['screenshot', 'png'],
  ['screenshot_pdf', 'pdf'],
]);

/** Fetches what an input names. Resolves to null, or to what the job says of an input that could not be had. */
export async function loadInput(job: Job, input: Input, store: JobStore, fixtures: string | null): Promise<Trouble | null> {
  if (input.bytes) return null;
  try {
    const file = await sourceFile(job, input, store, fixtures);
    input.bytes = file.bytes;
    input.size = file.bytes.length;
    input.checksum = inputChecksum(file.bytes);
    input.filename = named(input.filename, file.filename);
    input.status = 'ready';
    return null;
  } catch (error) {
    if (!(error instanceof InputFailed) && !(error instanceof SourceUnreachable) && !(error instanceof Unconvertible)) throw error;
    input.status = 'failed';
    const code = error instanceof InputFailed ? error.code : 404;
    return { source: 'input', id_source: input.id, code, message: error.message };
  }
}

class InputFailed extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

async function sourceFile(job: Job, input: Input, store: JobStore, fixtures: string | null): Promise<SourceFile> {
  switch (input.type) {
    case 'remote':
      return remoteFile(input, fixtures);
    case 'base64':
      return { filename: 'output', bytes: base64(input.source) };
    case 'output':
      return found(store.outputOf(job.key, input.source));
    case 'input_id':
      return found(store.inputOf(job.key, input.source));
    default:
      // Clouds: the descriptor is looked at only now, and the error is generic (SDK contract).
      throw new InputFailed(99, 'The file could not be fetched from the cloud storage.');
  }
}

async function remoteFile(input: Input, fixtures: string | null): Promise<SourceFile> {
  const target = CAPTURES.get(input.engine);
  const source = await fetchSource(input.source, fixtures);
  if (target === undefined && input.engine !== 'website') return source;
  const page = { filename: source.filename.replace(/\.html?$/i, '') + '.html', bytes: source.bytes };
  if (target === undefined) return page;
  const [capture] = await runTask({ operation: 'capture', target, options: { ...input.options, url: input.source } }, [page]);
  return found(capture ?? null);
}

function found(file: { readonly filename: string; readonly bytes: Buffer | null } | null): SourceFile {
  if (!file?.bytes) throw new InputFailed(404, 'The file could not be found.');
  return { filename: file.filename, bytes: file.bytes };
}

function base64(source: string): Buffer {
  const data = source.replace(/^data:[^,]*,/, '');
  if (!/^[A-Za-z0-9+/_=\s-]+$/.test(data)) throw new InputFailed(404, 'The base64 content can not be read.');
  return Buffer.from(data, 'base64');
}

/** The name asked for, with the source's extension where it has none. */
function named(asked: string, from: string): string {
  const extension = /\.[a-z0-9.]{1,8}$/i;
  if (asked === '') return from;
  return extension.test(asked) ? asked : asked + (extension.exec(from)?.[0] ?? '');
}
