import { Decimal } from 'decimal.js';
import type { StepWish } from '../../../src/conversion/provider.js';
import { ANY_SIZE, shippedView, workKey, type ProviderView } from '../../../src/routing/catalogue-view.js';
import { hopeOf } from '../../../src/routing/hope.js';
import type { Figure } from '../../../src/routing/learned-work.js';
import type { PriceSources } from '../../../src/routing/pricing.js';

const WISH: StepWish = { operation: 'convert', from: 'jpg', parameters: { to: 'png' }, options: {} };
const HOUR = 3_600_000;
const figure = (ageMs: number): Figure => ({ mean: new Decimal(5), least: new Decimal(5), most: new Decimal(5), spread: new Decimal(0), samples: 9, ageMs });
const view = (figures: { credits: Figure | null; seconds: Figure | null } | null): ProviderView => ({ ...shippedView({}), work: new Map(figures === null ? [] : [[workKey('convert', 'jpg', 'png', ANY_SIZE), figures]]) });
const table: PriceSources = { pricing: { currency: 'USD', perCredit: '0.01', credits: [{ operation: 'convert', credits: 2 }] }, vendor: () => null, learned: () => figure(0) };
const hope = (seen: ProviderView, sources = table) => {
  const { price, seconds } = hopeOf(seen, WISH, sources);
  return [price?.amount.toString(), seconds];
};

it.each<[string, ProviderView, unknown[]]>([
  ['what was learned today stands', view({ credits: figure(HOUR), seconds: figure(HOUR) }), [undefined, undefined]],
  ['what was learned days ago may be otherwise: by the table, and fast', view({ credits: figure(50 * HOUR), seconds: figure(50 * HOUR) }), ['0.02', 0]],
  ['of what was never tried only the time is unknown: its price stands in the table', view(null), [undefined, 0]],
])('%s', (_, seen, expected) => {
  expect(hope(seen)).toEqual(expected);
});

it('without a table there is no other price to hope for', () => {
  expect(hope(view({ credits: figure(50 * HOUR), seconds: null }), { ...table, pricing: { currency: 'USD', perCredit: '0.01', credits: [] } })).toEqual([undefined, 0]);
});
