import type { Breach, Evidence } from './evidence.ts';

type Query = Evidence['query'];

/** The moves that the contract allows, written down once more: the service's own table is what is checked. */
export const MOVES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  job: { awaiting_input: ['queued', 'failed', 'canceled'], queued: ['processing', 'completed', 'failed', 'canceled'], processing: ['completed', 'failed', 'canceled'] },
  attempt: { planned: ['submitting', 'abandoned'], submitting: ['unknown', 'running', 'errored', 'abandoned'], unknown: ['running', 'errored', 'abandoned'], running: ['succeeded', 'errored', 'abandoned'] },
  job_export: { pending: ['delivered', 'undeliverable'] },
  delivery: { scheduled: ['sent', 'exhausted'] },
};

/** Has the database itself write down every change of state from now on, whoever makes it. */
export async function watchHistory(query: Query): Promise<void> {
  await query(`CREATE TABLE IF NOT EXISTS audit_history (at timestamptz NOT NULL DEFAULT clock_timestamp(), machine text NOT NULL, id text NOT NULL, before text NOT NULL, after text NOT NULL)`);
  await query(`CREATE TABLE IF NOT EXISTS audit_progress (id text NOT NULL, before int NOT NULL, after int NOT NULL)`);
  await query(`
    CREATE OR REPLACE FUNCTION audit_note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO audit_history (machine, id, before, after) VALUES (TG_TABLE_NAME, CASE WHEN TG_TABLE_NAME = 'job_export' THEN (to_jsonb(NEW)->>'job_id') || '/' ELSE '' END || (to_jsonb(NEW)->>'id'), OLD.status, NEW.status);
      RETURN NULL; END $$`);
  for (const machine of Object.keys(MOVES)) {
    await query(`CREATE OR REPLACE TRIGGER audit_${machine} AFTER UPDATE OF status ON ${machine} FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION audit_note()`);
  }
  await query(`
    CREATE OR REPLACE FUNCTION audit_fall() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO audit_progress (id, before, after) VALUES (NEW.id, OLD.progress, NEW.progress); RETURN NULL; END $$`);
  await query(`CREATE OR REPLACE TRIGGER audit_fall AFTER UPDATE OF progress ON job FOR EACH ROW WHEN (NEW.progress < OLD.progress) EXECUTE FUNCTION audit_fall()`);
}

/** Moves that no table allows. */
export async function illegalMoves(query: Query): Promise<readonly Breach[]> {
  const made = await query<{ machine: string; id: string; before: string; after: string }>('SELECT machine, id, before, after FROM audit_history ORDER BY at');
  const falls = await query<{ id: string; before: number; after: number }>('SELECT id, before, after FROM audit_progress');
  return [
    ...made.filter(({ machine, before, after }) => MOVES[machine]?.[before]?.includes(after) !== true).map(({ machine, id, before, after }): Breach => ({ rule: 'I3', what: `${machine} ${id} went from ${before} to ${after}` })),
    ...falls.map(({ id, before, after }): Breach => ({ rule: 'I3', what: `the progress of job ${id} fell from ${before} to ${after}` })),
  ];
}
