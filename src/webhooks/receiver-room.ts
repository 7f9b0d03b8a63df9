/** Deliveries that one process makes to one receiver at once. */
const ROOM = 32;
/** To a receiver that did not answer last time: it holds each of them until time runs out. */
const ROOM_OF_SILENT = 1;
/** Silent receivers that are remembered; the oldest is forgotten first. */
const MOST_REMEMBERED = 10_000;

/** How many more deliveries each receiver ("host:port") may get now: what keeps one that hangs from holding up the others. */
export class ReceiverRoom {
  private readonly running = new Map<string, number>();
  private readonly silent = new Set<string>();

  /** For a receiver that `left` does not name. */
  readonly whole = ROOM;

  /** Of those that may get fewer. */
  left(): Readonly<Record<string, number>> {
    const hosts = new Set([...this.running.keys(), ...this.silent]);
    return Object.fromEntries([...hosts].map((host) => [host, Math.max(0, this.leftFor(host))]));
  }

  isFull(host: string): boolean {
    return this.leftFor(host) <= 0;
  }

  /** Of a claim for which so much was `left`, and what it took: whether some receiver's room was the bound, so that more may wait for it; and whether that is one which answers. */
  bound(left: Readonly<Record<string, number>>, taken: readonly { readonly host: string }[]): { readonly any: boolean; readonly answering: boolean } {
    const counts = new Map(Object.keys(left).map((host) => [host, 0]));
    for (const { host } of taken) counts.set(host, (counts.get(host) ?? 0) + 1);
    const tight = [...counts].filter(([host, count]) => count >= (left[host] ?? ROOM)).map(([host]) => host);
    return { any: tight.length > 0, answering: tight.some((host) => !this.silent.has(host)) };
  }

  enter(host: string): void {
    this.running.set(host, (this.running.get(host) ?? 0) + 1);
  }

  leave(host: string): void {
    const left = (this.running.get(host) ?? 0) - 1;
    if (left > 0) this.running.set(host, left);
    else this.running.delete(host);
  }

  private leftFor(host: string): number {
    return (this.silent.has(host) ? ROOM_OF_SILENT : ROOM) - (this.running.get(host) ?? 0);
  }

  /** Whether it gave any answer at all. */
  heard(host: string, answered: boolean): void {
    this.silent.delete(host);
    if (answered) return;
    this.silent.add(host);
    const [oldest] = this.silent;
    if (this.silent.size > MOST_REMEMBERED && oldest !== undefined) this.silent.delete(oldest);
  }
}
