/** Where a decision leads; null: nobody runs it. */
type Place = number | null;

interface Made {
  /** The one that every job gets, or those with at least so much luck. */
  settled?: { readonly from: number; readonly place: Place };
  /** Where jobs go that find something out: those with at most so much luck. */
  explored?: { readonly upTo: number; readonly place: Place };
}

/** What a decision says when it is asked for a chance: by which words, and what it came to. */
export interface Drawn {
  readonly place: Place;
  readonly exploration: boolean;
  readonly words: readonly string[];
}

const EXPLORE = 'explore';

/** From the same facts decisions are the same: those that were made already need not be made again. Those that draw for more than whether to explore are. */
export class Decisions {
  private readonly made = new Map<string, Made>();

  get(facts: string, luck: (word: string) => number, decide: () => Drawn): Place {
    const made = this.made.get(facts) ?? {};
    const { settled, explored } = made;
    const own = settled?.from === 0 ? 1 : luck(EXPLORE);
    if (settled !== undefined && own >= settled.from) return settled.place;
    if (explored !== undefined && own <= explored.upTo) return explored.place;
    const { place, exploration, words } = decide();
    if (words.some((word) => word !== EXPLORE)) return place;
    // Whoever has less luck than one who explores does so too.
    if (exploration) made.explored = { upTo: own, place };
    else made.settled = { from: words.length === 0 ? 0 : own, place };
    this.made.set(facts, made);
    return place;
  }
}
