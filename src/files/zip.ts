import type { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** Files as one ZIP, packed while it is read. Names that occur twice are numbered. */
export function zipOf(files: readonly { readonly filename: string; readonly open: () => Readable }[]): Readable {
  const zip = new ZipFile();
  const taken = new Set<string>();
  for (const { filename, open } of files) {
    zip.addReadStreamLazy(uniqueName(filename, taken), { compress: false }, (callback) => callback(null, open()));
  }
  zip.end();
  return zip.outputStream as Readable;
}

function uniqueName(filename: string, taken: Set<string>): string {
  const dot = filename.lastIndexOf('.');
  const [base, ending] = dot > 0 ? [filename.slice(0, dot), filename.slice(dot)] : [filename, ''];
  let name = filename;
  for (let number = 2; taken.has(name); number += 1) name = `${base}-${number}${ending}`;
  taken.add(name);
  return name;
}
