import { Decimal } from 'decimal.js';
import { z } from 'zod';
import { CATEGORIES } from '../conversion/formats.js';
import { nearest } from '../conversion/nearest.js';
import { OPERATIONS } from '../conversion/operations.js';

const NOT_NEGATIVE = 'must be a number that is not negative: a price is never below nothing';
const decimal = (example: string) => z.string().regex(/^\d{1,12}(\.\d{1,8})?$/, `must be a decimal number that is not negative, as text, such as "${example}"`);
const currency = z.string().regex(/^[A-Z]{3}$/, 'must be a currency code such as "USD"');
const amount = z.number(NOT_NEGATIVE).nonnegative(NOT_NEGATIVE).optional();

/** A row with a word that nothing is called by would never match, and nobody would notice. */
function oneOf(what: string, words: readonly string[]) {
  const meant = (word: string): string => {
    const near = nearest(word, words);
    return near === null ? '' : `; did you mean "${near}"?`;
  };
  return z.string().refine((word) => word === '*' || words.includes(word), { error: ({ input }) => `must be ${what} or "*", and "${String(input)}" is neither${meant(String(input))}` });
}

const row = z
  .strictObject({
    operation: oneOf('an operation', [...OPERATIONS.keys()]).optional(),
    from: z.string().optional(),
    to: z.string().optional(),
    category: oneOf('a category of formats', CATEGORIES).optional(),
    credits: amount,
    creditsPerMinute: amount,
  })
  .refine((one) => (one.credits === undefined) !== (one.creditsPerMinute === undefined), 'needs either credits or creditsPerMinute');

/** What one account's work costs. `overrides` count before anything the vendor tells or was learned, `credits` after it. */
export const pricing = z.strictObject({ currency, perCredit: decimal('0.0200'), credits: z.array(row).default([]), overrides: z.array(row).optional() });

/** In what prices are compared (that of the first price, where it is not said), and what one of another currency is worth in it. */
export const currencies = z.object({ currency: currency.optional(), rates: z.record(currency, decimal('1.0850').refine((rate) => /[1-9]/.test(rate), 'must be above nothing')).default({}) });

interface Priced {
  readonly pricing?: z.output<typeof pricing> | null | undefined;
}

/** Where no price says otherwise. */
export const DEFAULT_CURRENCY = 'USD';

/** The currency in which everything is compared; undefined: nobody named one. */
export function commonOf({ currency: said, providers }: { readonly currency?: string | undefined; readonly providers: readonly Priced[] }): string | undefined {
  return said ?? providers.map((provider) => provider.pricing?.currency).find((told) => told !== undefined);
}

/** Every price in one currency, so that no two are ever compared, or added, that cannot be. `wrong`: with its pointer. */
export function inOneCurrency<Config extends Priced>({ providers, currency: said, rates }: z.output<typeof currencies> & { readonly providers: readonly Config[] }): { readonly providers: readonly Config[] } | { readonly wrong: string } {
  const common = commonOf({ currency: said, providers });
  const rateOf = (own: string): string | undefined => (own === common ? '1' : rates[own]);
  const strange = providers.findIndex((provider) => provider.pricing != null && rateOf(provider.pricing.currency) === undefined);
  const own = providers[strange]?.pricing?.currency;
  if (own !== undefined) return { wrong: `/providers/${strange}/pricing/currency: ${own} cannot be compared with ${common} without a rate; add "rates": { "${own}": "…" }, what one ${own} is worth in ${common}.` };
  return {
    providers: providers.map((provider) => {
      if (provider.pricing == null || common === undefined || provider.pricing.currency === common) return provider;
      return { ...provider, pricing: { ...provider.pricing, currency: common, perCredit: new Decimal(provider.pricing.perCredit).mul(rateOf(provider.pricing.currency) ?? 1).toFixed() } };
    }),
  };
}
