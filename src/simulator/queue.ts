interface Entry<Item> {
  readonly at: number;
  readonly number: number;
  readonly item: Item;
}

/** What is due, the earliest first; of one time, what was added first. A heap in an array. */
export class Queue<Item> {
  private readonly heap: Entry<Item>[] = [];
  private added = 0;

  add(at: number, item: Item): void {
    const entry = { at, number: this.added, item };
    this.added += 1;
    let place = this.heap.push(entry) - 1;
    for (let above = (place - 1) >> 1; place > 0 && before(entry, this.heap[above]); above = (place - 1) >> 1) {
      this.heap[place] = this.heap[above] as Entry<Item>;
      place = above;
    }
    this.heap[place] = entry;
  }

  /** The earliest, if it is due by then. */
  takeUntil(time: number): Entry<Item> | null {
    const [first] = this.heap;
    if (first === undefined || first.at > time) return null;
    const last = this.heap.pop() as Entry<Item>;
    if (this.heap.length > 0) this.sink(last);
    return first;
  }

  private sink(entry: Entry<Item>): void {
    let place = 0;
    for (;;) {
      const left = 2 * place + 1;
      const next = this.heap[left + 1] !== undefined && before(this.heap[left + 1] as Entry<Item>, this.heap[left]) ? left + 1 : left;
      const below = this.heap[next];
      if (below === undefined || !before(below, entry)) break;
      this.heap[place] = below;
      place = next;
    }
    this.heap[place] = entry;
  }
}

const before = (one: { readonly at: number; readonly number: number }, other: { readonly at: number; readonly number: number } | undefined): boolean =>
  other !== undefined && (one.at < other.at || (one.at === other.at && one.number < other.number));
