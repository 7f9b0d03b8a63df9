/**
 * SQL that makes `count` jobs out of a job that was accepted: each with one stage whose attempt runs at `provider` as "theirs-1", "theirs-2", … and is
 * read in `dueSeconds`.
 */
export function planting(template: string, provider: string, count: number, dueSeconds: number): readonly string[] {
  const each = (table: string, fields: string, key: string) =>
    `INSERT INTO ${table} SELECT (jsonb_populate_record(t, jsonb_build_object(${fields}))).* FROM ${table} t, generate_series(1, ${count}) AS n WHERE t.${key} = '${template}'`;
  const job = `md5('job' || n)::uuid`;
  return [
    each('job', `'id', ${job}, 'status', 'processing', 'last_sequence', 0, 'queued_at', now(), 'started_at', now(), 'deadline_at', now() + interval '1 hour'`, 'id'),
    each('job_input', `'job_id', ${job}`, 'job_id'),
    each('job_step', `'job_id', ${job}, 'status', 'running', 'provider', '${provider}'`, 'job_id'),
    each('stage', `'id', md5('stage' || n)::uuid, 'job_id', ${job}, 'status', 'active', 'provider', '${provider}', 'due_at', now() + interval '${dueSeconds} s', 'lease_owner', null, 'lease_until', null, 'hinted', false`, 'job_id'),
    `INSERT INTO attempt (id, job_id, stage_id, provider, step_ids, status, reference, provider_job_id, patience_ms, stale_at)
     SELECT md5('attempt' || n)::uuid, ${job}, md5('stage' || n)::uuid, '${provider}', g.step_ids, 'running', 'reference-' || n, 'theirs-' || n, 120000, now()
     FROM stage g, generate_series(1, ${count}) AS n WHERE g.job_id = '${template}'`,
  ];
}
