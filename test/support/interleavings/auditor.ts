import type { TestDatabase } from '../database.js';
import { allowed, inWords, MACHINES, type Transition } from '../machines.js';

const SEEN = `
  CREATE TABLE seen (number bigserial PRIMARY KEY, "table" text NOT NULL, was text, became text NOT NULL);
  CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO seen ("table", was, became) VALUES (TG_TABLE_NAME, CASE WHEN TG_OP = 'UPDATE' THEN to_jsonb(OLD)->>'status' END, NEW.status);
    RETURN NULL;
  END $$;
  CREATE FUNCTION see_progress() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO seen ("table", was, became) VALUES ('job.progress', OLD.progress, NEW.progress);
    RETURN NULL;
  END $$;
  CREATE TRIGGER see_progress AFTER UPDATE ON job FOR EACH ROW WHEN (NEW.progress < OLD.progress) EXECUTE FUNCTION see_progress();`;

/** Has the database itself write down every change of a state, whoever makes it. */
export async function watch(test: TestDatabase): Promise<void> {
  await test.query(SEEN);
  for (const { table } of MACHINES) {
    await test.query(`CREATE TRIGGER see_new AFTER INSERT ON ${table} FOR EACH ROW EXECUTE FUNCTION see()`);
    await test.query(`CREATE TRIGGER see_change AFTER UPDATE ON ${table} FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION see()`);
  }
}

const LEGAL = new Set(allowed().map(inWords));

export const seen = (test: TestDatabase): Promise<Transition[]> => test.query<Transition>('SELECT DISTINCT "table", was, became FROM seen');

/** Each finds rows that must not be, at any moment between two transactions. */
const NEVER: Readonly<Record<string, string>> = {
  'a timeline with a gap, or longer than its job knows': `
    SELECT j.id, j.last_sequence, count(e.sequence)::int AS events, max(e.sequence) AS last FROM job j LEFT JOIN event e ON e.job_id = j.id
    GROUP BY j.id HAVING count(e.sequence) <> j.last_sequence OR coalesce(max(e.sequence), 0) <> j.last_sequence OR coalesce(min(e.sequence), 1) <> 1`,
  'webhook events with a gap, or longer than the job knows': `
    SELECT w.job_id, w.last_sequence FROM job_webhook w LEFT JOIN outbox_event o ON o.job_id = w.job_id
    GROUP BY w.job_id HAVING count(o.sequence) <> w.last_sequence OR coalesce(max(o.sequence), 0) <> w.last_sequence`,
  'two live attempts at one stage': `SELECT stage_id FROM attempt WHERE ended_at IS NULL GROUP BY stage_id HAVING count(*) > 1`,
  'an end without its time, or a time without its end': `
    SELECT id, status, ended_at FROM job WHERE (status IN ('completed', 'failed', 'canceled')) <> (ended_at IS NOT NULL)
    UNION ALL SELECT id, status, ended_at FROM attempt WHERE (status IN ('succeeded', 'errored', 'abandoned')) <> (ended_at IS NOT NULL)`,
  'a stage that is done without a success, or a success whose stage is not': `
    SELECT g.id, g.status FROM stage g WHERE (g.status = 'done') <> EXISTS (SELECT 1 FROM attempt a WHERE a.stage_id = g.id AND a.status = 'succeeded')`,
  'a completed job with something left to do': `
    SELECT j.id FROM job j WHERE j.status = 'completed' AND (EXISTS (SELECT 1 FROM job_step s WHERE s.job_id = j.id AND s.status <> 'done')
      OR EXISTS (SELECT 1 FROM job_export x WHERE x.job_id = j.id AND x.status <> 'delivered'))`,
  'an ended job that goes on': `
    SELECT j.id FROM job j WHERE j.ended_at IS NOT NULL AND (
      EXISTS (SELECT 1 FROM attempt a WHERE a.job_id = j.id AND a.ended_at IS NULL) OR EXISTS (SELECT 1 FROM stage g WHERE g.job_id = j.id AND g.status IN ('waiting', 'active'))
      OR EXISTS (SELECT 1 FROM job_step s WHERE s.job_id = j.id AND s.status IN ('pending', 'running')) OR EXISTS (SELECT 1 FROM job_export x WHERE x.job_id = j.id AND x.status = 'pending')
      OR EXISTS (SELECT 1 FROM credential c WHERE c.job_id = j.id))`,
  'a result that is there twice': `SELECT job_id, step_id, position FROM file WHERE role = 'result' GROUP BY job_id, step_id, position HAVING count(*) > 1`,
  'a timeline that tells of an end twice': `
    SELECT job_id, detail->>'attempt' AS attempt FROM event WHERE type IN ('attempt.succeeded', 'attempt.errored', 'attempt.abandoned') GROUP BY 1, 2 HAVING count(*) > 1
    UNION ALL SELECT job_id, NULL FROM event WHERE type IN ('job.completed', 'job.failed', 'job.canceled') GROUP BY 1 HAVING count(*) > 1`,
  'more tries at a stage than are allowed': `
    SELECT g.id FROM stage g JOIN job j ON j.id = g.job_id WHERE jsonb_array_length(g.history) > (j.graph->'routing'->>'maxAttempts')::int`,
  'a step that stumbled on a fault of ours': `SELECT id, error FROM attempt WHERE error->>'code' = 'internal'`,
};

/** What must not be when every job has ended, every event has arrived, and nobody works. */
const IN_THE_END: Readonly<Record<string, string>> = {
  'a job that has not ended': `SELECT id, status FROM job WHERE ended_at IS NULL`,
  'a stage that is due or held': `SELECT id, status, due_at, lease_owner FROM stage WHERE due_at IS NOT NULL OR lease_owner IS NOT NULL`,
  'a delivery that is due, held or open': `SELECT id, status FROM delivery WHERE due_at IS NOT NULL OR lease_owner IS NOT NULL OR status = 'scheduled'`,
  'a webhook that still waits': `SELECT job_id, open_deliveries, closed FROM job_webhook WHERE open_deliveries <> 0 OR NOT closed OR secret IS NOT NULL`,
};

/** Every breach, in words; empty when all is well. */
export async function audit(test: TestDatabase, inTheEnd: boolean): Promise<string[]> {
  const illegal = (await seen(test)).filter((transition) => !LEGAL.has(inWords(transition))).map((transition) => `not in the tables: ${inWords(transition)}`);
  const breaches: string[] = [];
  for (const [name, query] of Object.entries({ ...NEVER, ...(inTheEnd ? IN_THE_END : {}) })) {
    const rows = await test.query(query);
    if (rows.length > 0) breaches.push(`${name}: ${JSON.stringify(rows)}`);
  }
  return [...illegal, ...breaches];
}
