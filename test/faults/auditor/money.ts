import { credits as exactly, toUnits, type Units } from './units.ts';
import type { Breach, Check } from './evidence.ts';

interface Booked {
  readonly id: string;
  readonly provider: string;
  readonly provider_job_id: string | null;
  readonly reference: string;
  readonly ended: boolean;
  readonly rows: number;
  readonly strange: number;
  /** Told by the vendor, as the ledger has it. */
  readonly credits: string;
  readonly amount: string;
  /** As the attempt shows it. */
  readonly shown: string | null;
  /** The vendor is still to be asked, or never told. */
  readonly open: boolean;
}

/**
 * I8: what is booked is what the vendors charged, for each attempt to the smallest unit, and so for all of them. What a vendor never told, or is still to be
 * asked for, stays out on both sides.
 */
export const moneyAgrees: Check = async ({ query, ledger, prices = {} }) => {
  const attempts = await query<Booked>(BOOKED);
  const byJob = new Map(attempts.flatMap((attempt) => (attempt.provider_job_id === null ? [] : [[attempt.provider_job_id, attempt] as const])));
  const byReference = new Map(attempts.map((attempt) => [attempt.reference, attempt]));
  const charged = new Map<string, Units>();
  const found: string[] = [];
  for (const job of ledger.jobs.filter(({ credits }) => credits !== 0)) {
    // One vendor is told our word in the address to call back, the other as it is.
    const attempt = byJob.get(job.jobId) ?? byReference.get(job.reference?.split('/').at(-1) ?? '');
    if (attempt === undefined) found.push(`${job.vendor} charged ${job.credits} credits for ${job.jobId}, of which nobody here knows`);
    else charged.set(attempt.id, (charged.get(attempt.id) ?? 0n) + exactly(job.credits));
  }
  for (const { id, provider, ended, rows, strange, credits, amount, shown, open } of attempts) {
    if (ended !== rows > 0) found.push(`attempt ${id} ${ended ? 'has ended, and the ledger does not know of it' : 'has not ended, and is booked'}`);
    if (strange > 0) found.push(`attempt ${id} is booked as somebody else's`);
    if (open || !ended) continue;
    const theirs = charged.get(id) ?? 0n;
    if (toUnits(credits) !== theirs) found.push(`attempt ${id} is booked with ${credits} credits, and ${provider} charged ${Number(theirs) / Number(exactly(1))}`);
    if (toUnits(shown ?? '0') !== toUnits(credits)) found.push(`attempt ${id} shows ${shown ?? 'no'} credits, and is booked with ${credits}`);
    const price = prices[provider];
    if (price !== undefined && toUnits(amount) * exactly(1) !== toUnits(credits) * toUnits(price)) found.push(`attempt ${id} is booked with ${credits} credits and ${amount} in money, at ${price} each`);
  }
  return found.map((what): Breach => ({ rule: 'I8', what }));
};

const BOOKED = `
  SELECT a.id, a.provider, a.provider_job_id, a.reference, a.ended_at IS NOT NULL AS ended, count(e.id)::int AS rows,
    count(*) FILTER (WHERE e.provider <> a.provider OR e.job_id <> a.job_id OR (e.tenant, e.key) <> (j.tenant, j.key) OR e.tag IS DISTINCT FROM j.tag)::int AS strange,
    coalesce(sum(e.credits) FILTER (WHERE NOT e.estimated), 0)::text AS credits, coalesce(sum(e.amount) FILTER (WHERE NOT e.estimated), 0)::text AS amount, a.credits::text AS shown,
    a.watch_due_at IS NOT NULL OR bool_and(e.estimated) OR EXISTS (SELECT 1 FROM orphan o WHERE o.attempt_id = a.id AND o.ended_at IS NULL) AS open
  FROM attempt a JOIN job j ON j.id = a.job_id LEFT JOIN ledger_entry e ON e.attempt_id = a.id GROUP BY a.id, j.id`;
