import type { StepWish } from '../conversion/provider.js';
import { targetOf, workKey } from '../routing/catalogue-view.js';
import { learnedOf, settledFigure, sizeClass, type LearnedWork, type WorkSample } from '../routing/learned-work.js';

/** As the product keeps them: so many samples of one kind of work, and one a minute once there are so many. */
const KEPT = 40;
const MINUTE_MS = 60_000;
/** What more samples teach where there are enough is looked at so often. */
const LOOK_MS = 5 * MINUTE_MS;
/** What was learned longer ago is looked at as old. */
const DAY_MS = 86_400_000;

interface Known {
  readonly samples: readonly WorkSample[];
  readonly changedAt: number;
  /** When it was last made something of. */
  readonly lookedAt: number;
  /** What is told of the time; it moves only when the samples have left it behind. */
  readonly told: number | null;
  /** The same for as long as decisions would be. */
  readonly text: string;
}

/** What one gateway learned of prices and times at one provider, by what attempts were charged and took. Of other sizes of files nothing is concluded. */
export class Learning {
  /** As the product's views hold it. */
  readonly work = new Map<string, LearnedWork>();
  private readonly known = new Map<string, Known>();

  take(wish: StepWish, sample: WorkSample): void {
    const key = keyOf(wish);
    const known = this.known.get(key);
    const enough = known !== undefined && known.samples.length >= KEPT;
    if (enough && sample.at - known.changedAt < MINUTE_MS) return;
    const samples = [...(known?.samples ?? []), sample].slice(-KEPT);
    if (enough && sample.at - known.lookedAt < LOOK_MS) this.known.set(key, { ...known, samples, changedAt: sample.at });
    else this.look(key, samples, sample.at, sample.at, known?.told ?? null);
  }

  state(wish: StepWish, now: number): string {
    const key = keyOf(wish);
    const known = this.known.get(key);
    if (known !== undefined && now - known.lookedAt > DAY_MS) this.look(key, known.samples, known.changedAt, now, known.told);
    return this.known.get(key)?.text ?? '';
  }

  private look(key: string, samples: readonly WorkSample[], changedAt: number, now: number, before: number | null): void {
    const { credits, seconds } = learnedOf(samples, now);
    const settled = settledFigure(seconds, before);
    const told = settled?.mean.toNumber() ?? null;
    this.work.set(key, { credits, seconds: settled });
    this.known.set(key, { samples, changedAt, lookedAt: now, told, text: `${credits?.mean.toFixed() ?? ''} ${told ?? ''} ${now - changedAt > DAY_MS ? 'old' : ''}` });
  }
}

const keyOf = (wish: StepWish): string => workKey(wish.operation, wish.from, targetOf(wish), sizeClass(wish.bytes));
