import { Unconvertible } from './unconvertible.js';

/** The most files taken out of one archive, and the most bytes, unpacked, all together: an archive may be a bomb. */
export const LIMIT_ENTRIES = 1_000;
export const LIMIT_BYTES = 256 * 1024 * 1024;

/** Counts what comes out of an archive; throws `unsupported` as soon as it is too much. */
export class Allowance {
  private entries = 0;
  private bytes = 0;

  takeEntry(): void {
    this.entries += 1;
    if (this.entries > LIMIT_ENTRIES) throw new Unconvertible('unsupported', `Archives of more than ${LIMIT_ENTRIES} files are not extracted here.`);
  }

  takeBytes(count: number): void {
    this.bytes += count;
    if (this.bytes > LIMIT_BYTES) throw new Unconvertible('unsupported', `Archives of more than ${LIMIT_BYTES} bytes, unpacked, are not extracted here.`);
  }
}
