import { Decimal } from 'decimal.js';
import { formatOfInput } from '../conversion/graph-formats.js';
import type { JobGraph, Money, QuoteLock } from '../conversion/job-graph.js';
import type { FieldError } from '../conversion/job-body.js';
import { fingerprintOf } from '../http/idempotency-key.js';
import type { Decision } from '../routing/decision-record.js';
import { totalOf } from '../routing/ceiling.js';
import type { StoredQuote } from './quote-store.js';

const POINTER = '/routing/quoteId';
const MEND = 'Ask for a new one with POST /v1/quotes, or leave quoteId out.';

/** What a job must have in common with a quote: its steps, the kinds of its files, and where results go. Files, names and credentials may differ. */
export function fingerprintOfGraph({ inputs, steps, exports }: JobGraph): string {
  return fingerprintOf('POST', '/v1/quotes', {
    inputs: inputs.map((input) => ({ id: input.id, type: input.type, format: formatOfInput(input) })),
    steps,
    exports: exports.map(({ id, type, inputs: of }) => ({ id, type, inputs: of })),
  });
}

/** What a job that names a quote is bound to, or why it cannot keep to it. `quote` null: there is none of that name. */
export function lockOf(quote: StoredQuote | null, graph: JobGraph): QuoteLock | FieldError {
  const wrong = (message: string): FieldError => ({ pointer: POINTER, message: `${message} ${MEND}` });
  if (quote === null) return wrong('There is no such quote.');
  if (quote.expired) return wrong(`The quote expired at ${quote.expiresAt.toISOString()}.`);
  if (quote.fingerprint !== fingerprintOfGraph(graph)) return wrong('The quote is of another job: its inputs, steps or exports are not these.');
  if (quote.record.winner === null) return wrong('By the quote nobody could run this.');
  return { providers: Object.fromEntries(quote.record.plan.flatMap(({ provider, steps }) => steps.map((step) => [step, provider]))), ceiling: ceilingOf(quote.record) };
}

/** The most that was quoted: of a single provider the upper end of its range, of several the sum of their parts. */
function ceilingOf({ winner, quotes, plan }: Decision): Money | null {
  const most = quotes.find(({ provider }) => provider === winner)?.costRange?.max;
  return most !== undefined && most.amount !== null ? most : totalOf({ plan });
}

/** Prices rose since, above what was quoted. Null: they did not. */
export function aboveQuote({ ceiling }: QuoteLock, { plan }: Decision): FieldError | null {
  const total = totalOf({ plan });
  if (ceiling?.amount == null || total?.amount == null || (total.currency === ceiling.currency && new Decimal(total.amount).lte(ceiling.amount))) return null;
  return { pointer: POINTER, message: `It would cost ${total.amount} ${total.currency} by now, and the quote was ${ceiling.amount} ${ceiling.currency} at the most. ${MEND}` };
}
