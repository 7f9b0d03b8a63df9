/** So many are remembered; the oldest is forgotten first. */
const MOST = 10_000;

/** Remembers for a while what was done already, so that it is not done again. */
export class Lately {
  private readonly until = new Map<string, number>();

  has(key: string): boolean {
    return (this.until.get(key) ?? 0) > performance.now();
  }

  note(key: string, ms: number): void {
    this.until.delete(key);
    this.until.set(key, performance.now() + ms);
    const [oldest] = this.until.keys();
    if (this.until.size > MOST && oldest !== undefined) this.until.delete(oldest);
  }
}
