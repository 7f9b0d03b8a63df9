import type { PretendCloud } from '../cloud/pretend-cloud.js';
import { fetchStored, StoreRefusal, type StoreAccess } from '../cloud/store-access.js';
import { Unconvertible, type SourceFile } from '../engine/engine.js';
import { SourceUnreachable } from '../fetching.js';
import { inputChecksum } from './checksums.js';
import type { Input, Job, Trouble } from './job.js';
import type { JobStore } from './job-store.js';
import { remoteFile } from './remote-file.js';
import { pickedFile, storeAccess } from './stores.js';

/** Where inputs come from. */
export interface InputSources {
  readonly store: JobStore;
  readonly cloud: PretendCloud;
  readonly fixtures: string | null;
}

/** Fetches what an input names. Resolves to null, or to what the job says of an input that could not be had. */
export async function loadInput(job: Job, input: Input, sources: InputSources): Promise<Trouble | null> {
  if (input.bytes) return null;
  try {
    const file = await sourceFile(job, input, sources);
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

async function sourceFile(job: Job, input: Input, { store, cloud, fixtures }: InputSources): Promise<SourceFile> {
  switch (input.type) {
    case 'remote':
      return remoteFile(input, fixtures);
    case 'base64':
      return { filename: 'output', bytes: base64(input.source) };
    case 'output':
      return found(store.outputOf(job.key, input.source));
    case 'input_id':
      return found(store.inputOf(job.key, input.source));
    case 'cloud':
      return storedFile(storeAccess(input.source, input.parameters, input.credentials), cloud, fixtures);
    case 'gdrive_picker':
      return storedFile(pickedFile(input.source, input.credentials), cloud, fixtures);
    default:
      throw new InputFailed(404, 'The file could not be found.');
  }
}

/** A cloud's descriptor is looked at only now; what is wrong with it is not said (SDK contract), but that the file is not there. */
async function storedFile(access: StoreAccess | null, cloud: PretendCloud, fixtures: string | null): Promise<SourceFile> {
  try {
    if (access) return await fetchStored(access, cloud, fixtures);
  } catch (error) {
    if (!(error instanceof StoreRefusal)) throw error;
    if (error.reason === 'missing') throw new InputFailed(17, 'File not found: the bucket may have incorrect permissions, the credentials may be invalid, or the file is not there.');
  }
  throw new InputFailed(99, 'The file could not be fetched from the cloud storage.');
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
