/** Deliveries that one process makes to one receiver at once. */
const ROOM = 16;
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

  /** Whether one gets as many as it may, or more. */
  get isAnyFull(): boolean {
    return [...this.running.keys()].some((host) => this.isFull(host));
  }

  /** Whether one that answers gets as many as it may: more are likely to wait for it. */
  get isTight(): boolean {
    return [...this.running].some(([host, count]) => count >= ROOM && !this.silent.has(host));
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
