const LIMIT_BYTES = 512 * 1024 * 1024;

/** Bounds what a long run keeps in memory: beyond the limit the files of the jobs that ended first are forgotten. */
export class Storage {
  private readonly kept: { readonly size: number; readonly forget: () => void }[] = [];
  private total = 0;

  constructor(private readonly limitBytes = LIMIT_BYTES) {}

  keep(size: number, forget: () => void): void {
    this.kept.push({ size, forget });
    this.total += size;
    while (this.total > this.limitBytes && this.kept.length > 1) {
      const oldest = this.kept.shift();
      oldest?.forget();
      this.total -= oldest?.size ?? 0;
    }
  }
}
