import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream, createWriteStream } from 'node:fs';
import { access, link, mkdir, opendir, rename, rm, stat, statfs, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** What was written: `path` is relative to the staging place, `head` the first bytes (up to 4,100) for telling the kind. */
export interface StagedFile {
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  readonly head: Buffer;
}

export class FileTooLarge extends Error {
  override readonly name = 'FileTooLarge';

  constructor(readonly maxBytes: number) {
    super(`The file is larger than ${maxBytes} bytes.`);
  }
}

/** The staging place itself is in trouble: full, read-only, out of descriptors. Not the caller's fault, nor a provider's. */
export class StagingTrouble extends Error {
  override readonly name = 'StagingTrouble';

  constructor(readonly code: string) {
    super(`The place for files cannot be written (${code}).`);
  }
}

const HEAD_BYTES = 4100;
const AT_A_TIME = 200;
/** What this class itself names so: whatever else lies in the place is somebody else's. */
const FOLDER = /^[0-9a-f]{2}$/;
const FILE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:\.part)?$/;
const TROUBLE = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EMFILE', 'ENFILE', 'EIO', 'ENOTDIR']);

/** A folder of files that we hold. Names are ours alone; bytes stream, so memory is flat whatever the size. */
export class Staging {
  private readonly writing = new Set<Promise<unknown>>();

  constructor(private readonly root: string) {}

  /** Writes a whole stream, or leaves nothing behind. Throws `FileTooLarge`, `StagingTrouble`, or what the source threw. */
  async write(source: Readable, maxBytes: number): Promise<StagedFile> {
    const writing = this.writeWhole(source, maxBytes);
    this.writing.add(writing);
    try {
      return await writing;
    } finally {
      this.writing.delete(writing);
    }
  }

  /** Once what is being written has ended: a process that exits before would leave half a file. */
  async close(): Promise<void> {
    await Promise.allSettled(this.writing);
  }

  private async writeWhole(source: Readable, maxBytes: number): Promise<StagedFile> {
    const id = randomUUID();
    const path = join(id.slice(0, 2), id);
    const partial = join(this.root, `${path}.part`);
    const meter = new Meter(maxBytes);
    try {
      // A source that is a caller's request must be let go in the pipeline's way: destroyed by hand, its connection goes with it, unanswered.
      await mkdir(dirname(partial), { recursive: true }).catch((error: unknown) => pipeline(source, async () => Promise.reject(error as Error)));
      await pipeline(source, meter, createWriteStream(partial));
      await rename(partial, join(this.root, path));
    } catch (error) {
      source.destroy();
      await rm(partial, { force: true }).catch(() => undefined);
      throw asTrouble(error);
    }
    return { path, size: meter.size, sha256: meter.sha256(), head: meter.head() };
  }

  /** Before a file is asked for that is handed out a few times only. Throws `StagingTrouble` where it could certainly not be written. */
  async expectRoom(bytes: number): Promise<void> {
    let free: number;
    try {
      await mkdir(this.root, { recursive: true });
      await access(this.root, constants.W_OK);
      const { bavail, bsize } = await statfs(this.root);
      free = bavail * bsize;
    } catch (error) {
      throw asTrouble(error);
    }
    if (free < bytes) throw new StagingTrouble('ENOSPC');
  }

  /** Another name for the same bytes, which stay until the last name is removed. Returns its path. The bytes count as written now: nobody may take the new name for an old one. */
  async duplicate(path: string): Promise<string> {
    const id = randomUUID();
    const other = join(id.slice(0, 2), id);
    const now = new Date();
    try {
      await utimes(join(this.root, path), now, now);
      await mkdir(dirname(join(this.root, other)), { recursive: true });
      await link(join(this.root, path), join(this.root, other));
    } catch (error) {
      throw asTrouble(error);
    }
    return other;
  }

  /** `range` in bytes, both ends included. */
  open(path: string, range?: { readonly start: number; readonly end: number }): Readable {
    return createReadStream(join(this.root, path), range);
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.root, path), { force: true });
  }

  /** Paths of ours that were last written to before `time`, half-written ones too, some at a time: however many there are, few are held. */
  async *writtenBefore(time: Date): AsyncGenerator<readonly string[]> {
    let some: string[] = [];
    for await (const folder of namesIn(this.root, FOLDER)) {
      for await (const name of namesIn(join(this.root, folder), FILE)) {
        const path = join(folder, name);
        if (name.startsWith(folder) && (await this.wasWrittenBefore(path, time))) some.push(path);
        if (some.length < AT_A_TIME) continue;
        yield some;
        some = [];
      }
    }
    if (some.length > 0) yield some;
  }

  private async wasWrittenBefore(path: string, time: Date): Promise<boolean> {
    try {
      const { mtime } = await stat(join(this.root, path));
      return mtime < time;
    } catch (error) {
      if (isGone(error)) return false;
      throw error;
    }
  }
}

/** Names of a folder that are of a shape, as they are read; none where it is not there. */
async function* namesIn(folder: string, shape: RegExp): AsyncGenerator<string> {
  try {
    for await (const { name } of await opendir(folder)) if (shape.test(name)) yield name;
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

const isGone = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Counts, hashes and remembers the beginning of what passes, and stops what is too large. */
class Meter extends Transform {
  size = 0;
  private readonly hash = createHash('sha256');
  private readonly beginning: Buffer[] = [];
  private beginningBytes = 0;

  constructor(private readonly maxBytes: number) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: (error: Error | null, chunk?: Buffer) => void): void {
    this.size += chunk.length;
    if (this.size > this.maxBytes) return done(new FileTooLarge(this.maxBytes));
    this.hash.update(chunk);
    if (this.beginningBytes < HEAD_BYTES) {
      this.beginning.push(Buffer.from(chunk.subarray(0, HEAD_BYTES - this.beginningBytes)));
      this.beginningBytes += chunk.length;
    }
    done(null, chunk);
  }

  sha256(): string {
    return this.hash.digest('hex');
  }

  head(): Buffer {
    return Buffer.concat(this.beginning);
  }
}

function asTrouble(error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  // Node says ENOENT of a folder that cannot be made in a read-only place.
  const trouble = code !== undefined && (TROUBLE.has(code) || (code === 'ENOENT' && syscall === 'mkdir'));
  return syscall !== undefined && trouble ? new StagingTrouble(code) : error;
}
