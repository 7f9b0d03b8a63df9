import { Decimal } from 'decimal.js';
import type { StepWish } from '../../../src/conversion/provider.js';
import type { Figure } from '../../../src/routing/learned-work.js';
import { amountText } from '../../../src/conversion/money.js';
import { BASES, priceOf, type Basis, type PriceSources, type Pricing } from '../../../src/routing/pricing.js';

const PNG: StepWish = { operation: 'convert', from: 'jpg', parameters: { to: 'png' }, options: {} };
const FIGURE: Figure = { mean: new Decimal(3), least: new Decimal(2), most: new Decimal(5), spread: new Decimal(1), samples: 4, ageMs: 1000 };
const ROW = { operation: 'convert', to: 'png' };
/** Each source tells another number, so that one sees which was taken. */
const TOLD: Readonly<Record<Exclude<Basis, 'none'>, number>> = { override: 1, vendor: 2, learned: 3, table: 4 };

function sources(there: readonly Basis[]): PriceSources {
  const pricing: Pricing = {
    currency: 'USD', perCredit: '0.01',
    overrides: there.includes('override') ? [{ ...ROW, credits: TOLD.override }] : [],
    credits: there.includes('table') ? [{ operation: 'convert', credits: TOLD.table }] : [],
  };
  return { pricing, vendor: () => (there.includes('vendor') ? TOLD.vendor : null), learned: () => (there.includes('learned') ? FIGURE : null) };
}

describe('where a price comes from', () => {
  it.each([NaN, -1, Infinity, -Infinity])('FI-35: %p credits are no price, whoever tells them: the next source counts', (credits) => {
    const price = (told: number) => priceOf(PNG, { ...sources(['table']), vendor: () => told });
    expect([price(credits)?.basis, price(credits)?.amount.toString()]).toEqual(['table', '0.04']);
    expect(price(7)?.basis).toBe('vendor');
  });

  const known = BASES.filter((basis) => basis !== 'none');
  const subsets = Array.from({ length: 2 ** known.length }, (_, bits) => known.filter((_basis, place) => (bits & (1 << place)) !== 0));

  it.each(subsets.map((there) => [there.join(', ') || 'nothing', there] as const))('of %s the surest counts, and says so', (_, there) => {
    const [surest] = there;
    const price = priceOf(PNG, sources(there));
    expect(price?.basis ?? 'none').toBe(surest ?? 'none');
    expect(price?.amount.toString() ?? null).toBe(surest === undefined ? null : new Decimal(TOLD[surest]).mul('0.01').toString());
  });

  it('is nowhere where nobody knows what a credit is worth', () => {
    expect(priceOf(PNG, { ...sources(['vendor', 'learned']), pricing: null })).toBeNull();
  });

  it('an override is for what it names alone', () => {
    expect(priceOf({ ...PNG, parameters: { to: 'gif' } }, sources([...known]))?.basis).toBe('vendor');
  });

  it('nothing is a price: what costs no credits is known to cost nothing', () => {
    expect(priceOf(PNG, { ...sources(['table']), vendor: () => 0 })).toMatchObject({ amount: new Decimal(0), basis: 'vendor' });
  });
});

describe('how far a price may go', () => {
  const range = (wish: StepWish, told: PriceSources): (string | null)[] => {
    const price = priceOf(wish, told);
    return price === null ? [] : [price.amount, price.least, price.most].map((amount) => amount?.toString() ?? null);
  };

  it('what a vendor tells is exact, what was learned is as wide as what was seen', () => {
    expect(range(PNG, sources(['vendor']))).toEqual(['0.02', '0.02', '0.02']);
    expect(range(PNG, sources(['learned']))).toEqual(['0.03', '0.02', '0.05']);
  });

  it('every file is paid; of how many nobody knows, at least as many as are certain', () => {
    expect(range({ ...PNG, files: { least: 3, most: 3 } }, sources(['learned']))).toEqual(['0.09', '0.06', '0.15']);
    expect(range({ ...PNG, files: { least: 2, most: null } }, sources(['vendor']))).toEqual(['0.04', '0.04', null]);
  });

  it('what becomes one file is paid once', () => {
    expect(range({ ...PNG, operation: 'merge', files: { least: 3, most: null } }, sources(['vendor']))).toEqual(['0.02', '0.02', '0.02']);
  });

  it('by the minute: one is assumed, and nobody knows how many it will be', () => {
    const pricing: Pricing = { currency: 'USD', perCredit: '0.01', credits: [{ category: 'video', creditsPerMinute: 5 }] };
    expect(range({ ...PNG, parameters: { to: 'mp4' } }, { ...sources([]), pricing })).toEqual(['0.05', '0', null]);
  });
});

it.each([['0.012', '0.0120'], ['0', '0.0000'], ['12', '12.0000'], ['0.00001', '0.00001'], ['0.123456789', '0.12345679']])('%s is shown as %s', (amount, shown) => {
  expect(amountText(new Decimal(amount))).toBe(shown);
});
