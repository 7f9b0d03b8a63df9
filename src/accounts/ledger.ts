import { Decimal } from 'decimal.js';

/** What one step of a vendor's job was expected to cost when it was planned; null: nobody knew. */
export interface Share {
  readonly operation: string;
  readonly expected: string | null;
}

/** What the vendor told, in its credits and in money. `currency` null: nobody knows what a credit is worth. */
export interface Told {
  readonly credits: string | null;
  readonly amount: string | null;
  readonly currency: string | null;
}

/** How an attempt ended. */
export interface End extends Told {
  readonly succeeded: boolean;
  /** Certainly no job of it was made at the vendor. */
  readonly neverMade: boolean;
}

/** One row of the ledger, besides whose it is. */
export interface Booking extends Told {
  readonly operation: string;
  readonly estimated: boolean;
  readonly waste: boolean;
}

/** Amounts are booked to this many digits behind the point, as callers see them. */
const DIGITS = 8;

/**
 * An attempt in the ledger: a row for each of its operations. What the vendor did not tell is estimated: of work that was done what it was expected to cost,
 * of work that failed nothing can be said.
 */
export function bookEnd(shares: readonly Share[], { succeeded, neverMade, ...told }: End): readonly Booking[] {
  const terms = { waste: !succeeded };
  if (told.credits !== null) return divided(shares, told, { ...terms, estimated: false });
  if (neverMade) return divided(shares, { credits: '0', amount: told.currency === null ? null : '0', currency: told.currency }, { ...terms, estimated: false });
  return divided(shares, { ...told, amount: succeeded && told.currency !== null ? expectedOf(shares) : null }, { ...terms, estimated: true });
}

/** News of an attempt that is booked already: the difference, so that all its rows together say what is known now. None where that is what they say. */
export function bookLate(shares: readonly Share[], booked: readonly Pick<Booking, 'credits' | 'amount' | 'estimated'>[], told: Told, succeeded: boolean): readonly Booking[] {
  const was = (estimated: boolean, field: 'credits' | 'amount'): Decimal => sum(booked.filter((row) => row.estimated === estimated).map((row) => row[field]));
  const estimate = was(true, 'amount');
  if (told.credits === null) {
    const known = booked.some((row) => !row.estimated || row.amount !== null);
    return known || !succeeded ? [] : bookEnd(shares, { ...told, succeeded, neverMade: false }).map((row) => ({ ...row, waste: true }));
  }
  const credits = new Decimal(told.credits).sub(was(false, 'credits'));
  const amount = told.amount === null ? null : new Decimal(told.amount).sub(was(false, 'amount'));
  const taken = estimate.isZero() ? [] : divided(shares, { credits: null, amount: text(estimate.neg()), currency: told.currency }, { estimated: true, waste: true });
  const isNew = booked.every((row) => row.estimated) || !credits.isZero() || amount?.isZero() === false;
  return [...taken, ...(isNew ? divided(shares, { credits: text(credits), amount: amount === null ? null : text(amount), currency: told.currency }, { estimated: false, waste: true }) : [])];
}

/** By operation, as each was expected to share in it; alike where that is not known. What they get adds up to the whole, to the last digit. */
function divided(shares: readonly Share[], { credits, amount, currency }: Told, terms: Pick<Booking, 'estimated' | 'waste'>): readonly Booking[] {
  const operations = [...new Set(shares.map(({ operation }) => operation))];
  const known = shares.every(({ expected }) => expected !== null) && !sum(shares.map(({ expected }) => expected)).isZero();
  const weights = operations.map((operation) => {
    const own = shares.filter((share) => share.operation === operation);
    return known ? sum(own.map(({ expected }) => expected)) : new Decimal(own.length);
  });
  const parts = (whole: string | null) => (whole === null ? null : split(new Decimal(whole), weights));
  const [ofCredits, ofAmount] = [parts(credits), parts(amount)];
  return operations.map((operation, index) => ({ operation, credits: ofCredits?.[index]?.toFixed() ?? null, amount: ofAmount?.[index]?.toFixed() ?? null, currency, ...terms }));
}

/** By the largest remainder: each gets its share rounded down, and the digits that are left go to those who lost most by that. */
export function split(whole: Decimal, weights: readonly Decimal[]): readonly Decimal[] {
  // One has it all, however many digits it has.
  if (weights.length === 1) return [whole];
  const sign = whole.isNegative() ? -1 : 1;
  const units = whole.abs().mul(Decimal.pow(10, DIGITS));
  const all = Decimal.sum(0, ...weights);
  const exact = weights.map((weight) => units.mul(weight).div(all));
  const floors = exact.map((share) => share.floor());
  const left = units.sub(Decimal.sum(0, ...floors));
  const order = exact.map((share, index) => ({ index, lost: share.sub(floors[index] ?? 0) })).sort((one, other) => other.lost.cmp(one.lost) || one.index - other.index);
  // What is less than a unit goes with the first.
  const extra = new Map(order.map(({ index }, place) => [index, (place < left.floor().toNumber() ? 1 : 0) + (place === 0 ? left.sub(left.floor()).toNumber() : 0)]));
  return floors.map((floor, index) => floor.add(extra.get(index) ?? 0).div(Decimal.pow(10, DIGITS)).mul(sign));
}

function expectedOf(shares: readonly Share[]): string | null {
  return shares.some(({ expected }) => expected === null) ? null : text(sum(shares.map(({ expected }) => expected)));
}

/** What rows come to; nothing, where no amount is known. */
export const totalOf = (rows: readonly Pick<Booking, 'amount'>[]): string => text(sum(rows.map(({ amount }) => amount)));

const sum = (amounts: readonly (string | null)[]): Decimal => amounts.reduce((total, amount) => total.add(amount ?? 0), new Decimal(0));
const text = (amount: Decimal): string => amount.toFixed();
