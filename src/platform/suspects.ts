import { Injectable } from '@nestjs/common';

/** Work that processes are thought to die of: of all kinds, one at a time in each process, so that whatever was in work when it is gone is to blame. */
@Injectable()
export class Suspects {
  private inWork: object | null = null;

  /** False: another one is in work. */
  take(work: object): boolean {
    if (this.inWork !== null) return false;
    this.inWork = work;
    return true;
  }

  /** Whoever was not taken leaves nothing. */
  leave(work: object): void {
    if (this.inWork === work) this.inWork = null;
  }
}
