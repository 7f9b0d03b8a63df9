import type { StepWish } from '../conversion/provider.js';
import { workOf, type ProviderView } from './catalogue-view.js';
import type { Hope } from './plan-step.js';
import { priceOf, type PriceSources } from './pricing.js';

/** What was learned longer ago may be otherwise by now. */
const OLD_MS = 86_400_000;

/** What a step may cost by now, where the price that counts was learned long ago; and that it may be fast, where its time was, or never was. */
export function hopeOf(view: Pick<ProviderView, 'work'>, wish: StepWish, sources: PriceSources): Hope {
  const [credits, seconds] = [workOf(view, wish, 'credits'), workOf(view, wish, 'seconds')];
  const price = credits !== null && credits.ageMs > OLD_MS ? priceOf(wish, { ...sources, learned: () => null }) : null;
  return { ...(price === null ? {} : { price }), ...(seconds === null || seconds.ageMs > OLD_MS ? { seconds: 0 } : {}) };
}
