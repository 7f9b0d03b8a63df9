/** The period that a moment lies in, by UTC. */
const periodAt = (kind: string, at: string): string => `CASE ${kind} WHEN 'day' THEN to_char(${at} AT TIME ZONE 'UTC', 'YYYY-MM-DD') WHEN 'month' THEN to_char(${at} AT TIME ZONE 'UTC', 'YYYY-MM') ELSE 'total' END`;
const current = (kind: string): string => periodAt(kind, 'now()');

const RENEWS = (kind: string): string => `CASE ${kind} WHEN 'total' THEN NULL ELSE to_char(date_trunc(${kind}, now() AT TIME ZONE 'UTC') + ('1 ' || ${kind})::interval, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END`;

/** $1: ids, $2: kinds of period. Those of now, and of an hour from now, so that none is missing when a period turns. Says which are new. */
export const OPEN = `
  INSERT INTO budget_period (budget, period)
  SELECT DISTINCT b.id, p.period FROM unnest($1::text[], $2::text[]) AS b (id, kind) CROSS JOIN LATERAL (VALUES (${current('b.kind')}), (${periodAt('b.kind', `(now() + interval '1 hour')`)})) AS p (period)
  ORDER BY 1, 2 ON CONFLICT DO NOTHING RETURNING budget`;

export const STATES = `
  SELECT p.budget, p.period, p.spent::text, p.reserved::text, ${RENEWS('b.kind')} AS "renewsAt"
  FROM unnest($1::text[], $2::text[]) AS b (id, kind) JOIN budget_period p ON p.budget = b.id AND p.period = ${current('b.kind')}`;

/** Whoever writes to several takes them in one order, before anything else of them; $3: a job, whose reservations may be of earlier periods. */
export const HOLD_BUDGETS = `
  SELECT 1 FROM budget_period WHERE (budget, period) IN (
    SELECT b.id, ${current('b.kind')} FROM unnest($1::text[], $2::text[]) AS b (id, kind) UNION SELECT budget, period FROM budget_reservation WHERE job_id = $3)
  ORDER BY budget, period FOR UPDATE`;

/** $1: a budget, $2: its kind of period, $3: its limit, $4: how much, $5: how much was given back just now. No row: there is not so much left. */
export const RESERVE = `
  UPDATE budget_period SET reserved = reserved + $4::numeric
  WHERE budget = $1 AND period = ${current('$2::text')} AND (spent + reserved + $4::numeric <= $3::numeric OR $4::numeric <= $5::numeric) RETURNING period`;

/** $1: a job, $2: rows. */
export const KEEP_RESERVED = `
  INSERT INTO budget_reservation (stage_id, budget, period, job_id, amount)
  SELECT r.stage, r.budget, ${current('r.kind')}, $1, r.amount FROM jsonb_to_recordset($2::jsonb) AS r (stage uuid, budget text, kind text, amount numeric)`;

const give = (whose: string): string => `
  WITH gone AS (DELETE FROM budget_reservation WHERE ${whose} RETURNING budget, period, amount),
  sums AS (SELECT budget, period, sum(amount) AS amount FROM gone GROUP BY 1, 2)
  UPDATE budget_period p SET reserved = p.reserved - s.amount FROM sums s WHERE p.budget = s.budget AND p.period = s.period RETURNING p.budget, s.amount::text AS amount`;

export const GIVE_BACK_STAGES = give('stage_id = ANY($1::uuid[])');
export const GIVE_BACK_JOB = give('job_id = $1');

/** $1: a budget. Of jobs that have ended, or that there never were. */
export const GIVE_BACK_ENDED = give('budget = $1 AND NOT EXISTS (SELECT 1 FROM job j WHERE j.id = job_id AND j.ended_at IS NULL)');

/** $1: how much, $2: ids, $3: kinds of period. */
export const spend = (amount: string, ids: string, kinds: string, from = ''): string => `
  UPDATE budget_period p SET spent = p.spent + ${amount}::numeric FROM unnest(${ids}::text[], ${kinds}::text[]) AS b (id, kind)${from} WHERE p.budget = b.id AND p.period = ${current('b.kind')}`;

export const HOLD_ALL = 'SELECT period FROM budget_period WHERE budget = $1 ORDER BY period FOR UPDATE';

/** What the ledger and the reservations say, where that is not what stands there: of periods that go on, or of which something is reserved. */
export const MEND = `
  WITH told AS (
    SELECT p.budget, p.period, p.spent AS spent_was, p.reserved AS reserved_was,
      (SELECT coalesce(sum(r.amount), 0) FROM budget_reservation r WHERE r.budget = p.budget AND r.period = p.period) AS reserved,
      (SELECT coalesce(sum(e.amount), 0) FROM ledger_entry e
       WHERE ($3::text IS NULL OR e.tenant = $3) AND ($4::text IS NULL OR e.key = $4) AND ($5::text IS NULL OR e.tag = $5) AND ($6::text IS NULL OR e.provider = $6)
         AND ($2 = 'total' OR (e.at >= s.begins AND e.at < s.begins + ('1 ' || $2)::interval))) AS spent
    FROM budget_period p CROSS JOIN LATERAL (SELECT CASE WHEN $2 = 'total' THEN NULL ELSE (rpad(p.period, 10, '-01') || ' 00:00')::timestamp AT TIME ZONE 'UTC' END AS begins) AS s
    WHERE p.budget = $1 AND (p.period >= ${current('$2::text')} OR p.reserved <> 0))
  UPDATE budget_period p SET spent = t.spent, reserved = t.reserved FROM told t
  WHERE p.budget = t.budget AND p.period = t.period AND (t.spent <> t.spent_was OR t.reserved <> t.reserved_was)
  RETURNING p.period, (t.spent - t.spent_was)::text AS spent, (t.reserved - t.reserved_was)::text AS reserved`;
