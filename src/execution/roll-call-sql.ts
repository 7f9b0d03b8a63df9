/**
 * What a roll call writes, each in one statement: whoever lost the call (`epoch`) writes nothing, and rows that somebody holds are left to him, so that
 * nobody waits for anybody. Each row of a page is looked up by itself (LATERAL, ANY): a plan that reads all attempts once does so for every page.
 * What a worker has under his lease, and what a callback made due, is never put off.
 */
const HELD = `held AS (UPDATE roll_call SET due_at = now() + make_interval(secs => $3) WHERE provider = $1 AND epoch = $2 RETURNING provider)`;
const FREE = `g.status = 'active' AND NOT g.hinted AND g.lease_owner IS NULL`;

/** News of a list: another word, or more progress. Less of it is an older page. */
const NEWS = `(a.word IS DISTINCT FROM t.word OR t.progress > coalesce(a.progress, -1))`;

/**
 * Of a vendor's job of several steps, half a step more than was known: one of them may be done, and a read would have its results kept. Less often a read would
 * cost what the list is to save.
 */
const STEPS = 'cardinality(a.step_ids)';
const FURTHER = `coalesce(NOT t.ended AND ${STEPS} > 1 AND t.progress * ${STEPS} / 50 > coalesce(a.progress, 0) * ${STEPS} / 50, false)`;

/** $4: the page, $5: for how long what runs need not be read, in ms; but never beyond the moment when it has stood still for too long. */
export const HEED = `
  WITH ${HELD},
  mine AS (
    SELECT a.id, a.job_id, a.stage_id, t.ended, t.word, t.progress, NOT t.ended AND ${NEWS} AS moved, ${FURTHER} AS further,
      a.read_failures = 0 AS readable, a.listed IS DISTINCT FROM CASE WHEN t.ended THEN 'ended' ELSE 'running' END AS otherwise,
      CASE WHEN t.ended OR ${FURTHER} THEN now() ELSE least(now() + make_interval(secs => $5::float8 / 1000 * (1 - random() / 10)), CASE WHEN ${NEWS} THEN 'infinity' ELSE
        a.moved_at + least(make_interval(secs => coalesce(a.patience_ms, 120000)::float8 / 1000), (j.deadline_at - a.moved_at) / 2) END) END::timestamptz(3) AS next_at
    FROM jsonb_to_recordset($4::jsonb) AS t (id text, ended boolean, progress int, word text)
    CROSS JOIN LATERAL (SELECT * FROM attempt a WHERE a.provider = $1 AND a.provider_job_id = t.id AND a.status = 'running' AND a.ended_at IS NULL LIMIT 1) AS a
    JOIN job j ON j.id = a.job_id
    WHERE EXISTS (SELECT FROM held)),
  free AS (
    SELECT g.id, mine.id AS attempt_id, mine.ended, mine.ended OR mine.further AS at_once, mine.next_at,
      mine.readable AND CASE WHEN mine.ended THEN mine.otherwise AND g.due_at > now() WHEN mine.further THEN g.due_at > now() ELSE g.due_at < now() + make_interval(secs => $5::float8 / 2000) AND g.due_at IS DISTINCT FROM mine.next_at END AS shifts
    FROM mine CROSS JOIN LATERAL (
      SELECT g.id, g.due_at FROM stage g JOIN attempt a ON a.id = mine.id
      WHERE g.id = mine.stage_id AND ${FREE} AND (mine.otherwise OR mine.further OR g.due_at < now() + make_interval(secs => $5::float8 / 2000))
      FOR NO KEY UPDATE OF g, a SKIP LOCKED) AS g),
  shifted AS (UPDATE stage SET due_at = free.next_at FROM free WHERE stage.id = free.id AND stage.id = ANY(ARRAY(SELECT id FROM free WHERE shifts)) RETURNING free.at_once),
  marked AS (UPDATE attempt SET listed = CASE WHEN free.ended THEN 'ended' ELSE 'running' END FROM free
    WHERE attempt.id = free.attempt_id AND attempt.id = ANY(ARRAY(SELECT attempt_id FROM free)) AND attempt.listed IS DISTINCT FROM CASE WHEN free.ended THEN 'ended' ELSE 'running' END)
  SELECT EXISTS (SELECT FROM held) AS held, (SELECT count(*)::int FROM mine) AS ours, (SELECT count(*)::int FROM shifted WHERE at_once) AS woken,
    (SELECT coalesce(json_agg(json_build_object('attempt', id, 'jobId', job_id, 'word', word, 'progress', progress)), '[]') FROM mine WHERE moved) AS moved`;

/** $4: all that the list showed, $5: how many at once. */
export const GONE = `
  WITH ${HELD},
  free AS (
    SELECT g.id, a.id AS attempt_id FROM attempt a JOIN stage g ON g.id = a.stage_id LEFT JOIN unnest($4::text[]) AS seen (id) ON seen.id = a.provider_job_id
    WHERE a.provider = $1 AND a.status = 'running' AND a.ended_at IS NULL AND a.listed = 'running' AND seen.id IS NULL AND ${FREE} AND EXISTS (SELECT FROM held)
    LIMIT $5 FOR NO KEY UPDATE OF g, a SKIP LOCKED),
  shifted AS (UPDATE stage SET due_at = least(due_at, now()) FROM free WHERE stage.id = free.id),
  marked AS (UPDATE attempt SET listed = 'gone' FROM free WHERE attempt.id = free.attempt_id)
  SELECT EXISTS (SELECT FROM held) AS held, (SELECT count(*)::int FROM free) AS count`;

/** $3: what moved. Locks its jobs first, as everybody does who changes what belongs to them. */
export const MOVED = `
  WITH told AS (SELECT * FROM jsonb_to_recordset($3::jsonb) AS t (attempt uuid, "jobId" uuid, word text, progress int)),
  open AS (SELECT j.id FROM job j WHERE j.id IN (SELECT "jobId" FROM told) AND j.ended_at IS NULL AND EXISTS (SELECT FROM roll_call WHERE provider = $1 AND epoch = $2)
    ORDER BY j.id FOR NO KEY UPDATE SKIP LOCKED)
  UPDATE attempt a SET progress = greatest(a.progress, t.progress), word = t.word, moved_at = now() FROM told t JOIN open ON open.id = t."jobId"
  WHERE a.id = t.attempt AND a.id = ANY(ARRAY(SELECT attempt FROM told)) AND a.status = 'running' AND a.ended_at IS NULL AND ${NEWS}
  RETURNING a.id AS attempt, a.job_id AS "jobId", a.word, a.progress`;
