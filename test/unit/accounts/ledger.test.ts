import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { bookEnd, bookLate, split, type Share } from '../../../src/accounts/ledger.js';

const one: readonly Share[] = [{ operation: 'convert', expected: '0.02' }];
const mixed: readonly Share[] = [{ operation: 'convert', expected: '0.02' }, { operation: 'ocr', expected: '0.04' }, { operation: 'convert', expected: '0.01' }];
const told = (credits: string | null, amount: string | null = credits === null ? null : new Decimal(credits).mul('0.02').toFixed()) => ({ credits, amount, currency: 'USD' });
const end = { succeeded: true, neverMade: false };
const total = (rows: readonly { readonly amount: string | null }[]): string => Decimal.sum(0, ...rows.map(({ amount }) => amount ?? 0)).toFixed();

it('what the vendor told is booked as it was told', () => {
  expect(bookEnd(one, { ...end, ...told('3') })).toEqual([{ operation: 'convert', credits: '3', amount: '0.06', currency: 'USD', estimated: false, waste: false }]);
  expect(bookEnd(one, { ...end, ...told('0'), succeeded: false })).toEqual([{ operation: 'convert', credits: '0', amount: '0', currency: 'USD', estimated: false, waste: true }]);
});

it('of work that was done and not told what it was expected to cost is booked, marked; of work that failed nothing is said', () => {
  expect(bookEnd(mixed, { ...end, ...told(null) })).toEqual([
    { operation: 'convert', credits: null, amount: '0.03', currency: 'USD', estimated: true, waste: false },
    { operation: 'ocr', credits: null, amount: '0.04', currency: 'USD', estimated: true, waste: false },
  ]);
  expect(bookEnd(one, { ...end, ...told(null), succeeded: false })).toEqual([{ operation: 'convert', credits: null, amount: null, currency: 'USD', estimated: true, waste: true }]);
  expect(bookEnd([{ operation: 'convert', expected: null }], { ...end, ...told(null) })).toMatchObject([{ amount: null, estimated: true }]);
});

it('what was certainly never made cost nothing, and that is no estimate', () => {
  expect(bookEnd(one, { ...told(null), succeeded: false, neverMade: true })).toEqual([{ operation: 'convert', credits: '0', amount: '0', currency: 'USD', estimated: false, waste: true }]);
});

it('without a price there are credits and no money', () => {
  expect(bookEnd(one, { ...end, credits: '2', amount: null, currency: null })).toEqual([{ operation: 'convert', credits: '2', amount: null, currency: null, estimated: false, waste: false }]);
  expect(bookEnd(one, { ...end, credits: null, amount: null, currency: null })).toMatchObject([{ amount: null, estimated: true }]);
});

it('several operations share as they were expected to, and alike where nobody knew', () => {
  expect(bookEnd(mixed, { ...end, ...told('7', '0.14') }).map(({ operation, amount, credits }) => [operation, amount, credits])).toEqual([['convert', '0.06', '3'], ['ocr', '0.08', '4']]);
  const unknown = mixed.map((share) => ({ ...share, expected: null }));
  expect(bookEnd(unknown, { ...end, ...told('3', '0.06') }).map(({ operation, amount }) => [operation, amount])).toEqual([['convert', '0.04'], ['ocr', '0.02']]);
});

it('whatever the shares are, the parts add up to the whole to the last digit, and none gets less than nothing', () => {
  const weight = fc.integer({ min: 1, max: 1000 }).map((cents) => new Decimal(cents).div(1000));
  fc.assert(
    fc.property(fc.bigInt({ min: -10_000_000_000n, max: 10_000_000_000n }), fc.array(weight, { minLength: 1, maxLength: 7 }), (units, weights) => {
      const whole = new Decimal(units.toString()).div('1e8');
      const parts = split(whole, weights);
      expect(Decimal.sum(0, ...parts).toFixed()).toBe(whole.toFixed());
      expect(parts.every((part) => part.isZero() || part.isNegative() === whole.isNegative())).toBe(true);
      const all = Decimal.sum(0, ...weights);
      expect(parts.every((part, index) => part.sub(whole.mul(weights[index] ?? 0).div(all)).abs().lte('1e-8'))).toBe(true);
    }),
  );
});

describe('news that come late', () => {
  const gone = bookEnd(one, { ...told(null), succeeded: false, neverMade: false });

  it('are another row, which is waste', () => {
    expect(bookLate(one, gone, told('3'), true)).toEqual([{ operation: 'convert', credits: '3', amount: '0.06', currency: 'USD', estimated: false, waste: true }]);
    expect(bookLate(one, gone, told('0'), false)).toMatchObject([{ credits: '0', amount: '0', estimated: false }]);
  });

  it('that say what is booked already are none; those that differ are the difference', () => {
    const booked = bookEnd(one, { ...end, ...told('3'), succeeded: false });
    expect(bookLate(one, booked, told('3'), true)).toEqual([]);
    expect(total([...booked, ...bookLate(one, booked, told('2'), true)])).toBe('0.04');
    expect(total([...booked, ...bookLate(one, booked, told('5'), true)])).toBe('0.1');
  });

  it('take an estimate back before they say what is true', () => {
    const guessed = bookLate(one, gone, told(null), true);
    expect(guessed).toMatchObject([{ amount: '0.02', estimated: true, waste: true }]);
    const rows = bookLate(one, [...gone, ...guessed], told('3'), true);
    expect(rows).toMatchObject([{ amount: '-0.02', credits: null, estimated: true }, { amount: '0.06', credits: '3', estimated: false }]);
    expect(total([...gone, ...guessed, ...rows])).toBe('0.06');
  });

  it('that tell nothing say nothing', () => {
    expect(bookLate(one, gone, told(null), false)).toEqual([]);
    expect(bookLate(one, bookEnd(one, { ...end, ...told('1'), succeeded: false }), told(null), true)).toEqual([]);
  });
});
