import type { Ledger } from '../ledger.js';
import type { JsonObject } from './job.js';

/** What an account without a contract may use up in 24 hours (rate limits guide). */
const FREE_CREDITS = 30;
const FREE_WINDOW_MS = 24 * 3_600_000;

type Contract = 'prepaid' | 'invoice' | 'none';

/** An account's contract, told by its key: `invoice-…` is invoiced by the month, `free-…` has none, any other is prepaid. */
function contractOf(key: string): Contract {
  return key.startsWith('invoice-') ? 'invoice' : key.startsWith('free-') ? 'none' : 'prepaid';
}

/** Credits that are left; `credits` is what a prepaid account has bought. Infinity for an invoiced one. */
export function creditsLeft(key: string, credits: number, ledger: Ledger, now: number): number {
  switch (contractOf(key)) {
    case 'invoice':
      return Number.POSITIVE_INFINITY;
    case 'prepaid':
      return Math.max(0, credits - ledger.creditsOf('api2convert', key));
    case 'none': {
      const recent = ledger.jobsOf('api2convert', key).filter((job) => Date.parse(job.createdAt) > now - FREE_WINDOW_MS);
      return Math.max(0, FREE_CREDITS - recent.reduce((sum, job) => sum + job.credits, 0));
    }
  }
}

/** `GET /contracts` (contracts page): packages that are used up oldest first, an invoice without a number, or null. */
export function contractsView(key: string, credits: number, ledger: Ledger): JsonObject | null {
  switch (contractOf(key)) {
    case 'invoice':
      return { contracts: [{ contract_type: 'invoice', contract_creation_date: '2016-09-29 11:20:39' }] };
    case 'none':
      return null;
    case 'prepaid': {
      const spent = credits - creditsLeft(key, credits, ledger, Date.now());
      const first = Math.ceil(credits / 2);
      const packages = [prepaid('2016-02-02 10:52:36', first, spent), prepaid('2016-05-17 08:31:04', credits - first, Math.max(0, spent - first))];
      return { contracts: packages.filter(({ credits_bought: bought }) => bought > 0), credits_remaining: credits - spent };
    }
  }
}

function prepaid(date: string, bought: number, spent: number): { readonly credits_bought: number } & JsonObject {
  return { contract_type: 'prepaid', contract_creation_date: date, credits_bought: bought, credits_remaining: Math.max(0, bought - spent) };
}
