import { packed } from './archive.js';
import { archiveEntries } from './extract-archive.js';
import { safePath } from './names.js';
import type { ResultFile, SourceFile } from './task.js';

/** An archive as another kind of archive, its files in their folders; empty folders, links and devices are left out, and no path leads out of it. */
export async function repack(source: SourceFile, to: string): Promise<ResultFile> {
  const entries = await archiveEntries(source);
  return packed(entries.map(({ filename, bytes }) => ({ filename: safePath(filename), bytes })), to, source);
}
