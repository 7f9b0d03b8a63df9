import { Parser, type ReadEntry } from 'tar';
import type { Allowance } from './archive-allowance.js';
import type { SourceFile } from './task.js';
import { Unconvertible } from './unconvertible.js';

/** The regular files of a tar (without compression) under the paths written in it. Throws `corrupt_input`. */
export async function tarEntries(bytes: Buffer, allowance: Allowance): Promise<SourceFile[]> {
  const files: { filename: string; chunks: Buffer[] }[] = [];
  const take = (entry: ReadEntry): void => {
    if (entry.type !== 'File' && entry.type !== 'OldFile') {
      entry.resume();
      return;
    }
    allowance.takeEntry();
    const chunks: Buffer[] = [];
    files.push({ filename: entry.path, chunks });
    entry.on('data', (chunk: Buffer) => {
      allowance.takeBytes(chunk.length);
      chunks.push(chunk);
    });
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const parser = new Parser({ strict: true, onReadEntry: take });
      parser.on('error', reject);
      parser.on('end', resolve);
      parser.end(bytes);
    });
  } catch (error) {
    if (error instanceof Unconvertible) throw error;
    throw new Unconvertible('corrupt_input', 'The tar cannot be read.');
  }
  return files.map(({ filename, chunks }) => ({ filename, bytes: Buffer.concat(chunks) }));
}
