import type { Breach, Check } from './evidence.ts';

interface AttemptRow {
  readonly id: string;
  readonly job_id: string;
  readonly stage_id: string;
  readonly provider: string;
  readonly status: string;
  readonly reference: string;
  readonly provider_job_id: string | null;
  readonly orphan: boolean;
}

/** I2: every vendor job that ran, and so costs, is one that an attempt of ours stands for; no attempt stands for two; what was tried again was recorded as failed first. */
export const spendBounded: Check = async ({ query, ledger }) => {
  const attempts = await query<AttemptRow>(
    `SELECT id, job_id, stage_id, provider, status, reference, provider_job_id, EXISTS (SELECT 1 FROM orphan o WHERE o.attempt_id = attempt.id) AS orphan FROM attempt`,
  );
  const found: string[] = [];
  const paid = new Map<string, string[]>();
  const byJob = new Map(attempts.map((attempt) => [`${attempt.provider} ${attempt.provider_job_id ?? ''}`, attempt]));
  const byReference = new Map(attempts.map((attempt) => [attempt.reference, attempt]));
  for (const job of ledger.jobs.filter(({ billable }) => billable)) {
    // One vendor is told our word in the address to call back, the other as it is.
    const attempt = byJob.get(`${job.vendor} ${job.jobId}`) ?? byReference.get(job.reference?.split('/').at(-1) ?? '');
    if (attempt === undefined) found.push(`${job.vendor} runs ${job.jobId}, of which nobody here knows`);
    else paid.set(attempt.id, [...(paid.get(attempt.id) ?? []), job.jobId]);
  }
  for (const attempt of attempts) {
    const jobs = paid.get(attempt.id) ?? [];
    if (jobs.length > 1) found.push(`attempt ${attempt.id} was paid ${jobs.length} times: ${jobs.join(', ')}`);
    if (jobs.length === 0 && attempt.status === 'succeeded') found.push(`attempt ${attempt.id} succeeded, and ${attempt.provider} never ran it`);
    if (jobs.length === 1 && attempt.provider_job_id === null && !attempt.orphan) found.push(`attempt ${attempt.id} runs at ${attempt.provider} as ${jobs[0] ?? ''}, and its row does not say so`);
  }
  for (const [stage, all] of Map.groupBy(attempts, ({ stage_id: stage }) => stage)) {
    const whole = all.filter(({ status }) => status !== 'errored' && status !== 'abandoned');
    if (whole.length > 1) found.push(`stage ${stage} has ${whole.length} attempts that did not fail`);
  }
  return found.map((what): Breach => ({ rule: 'I2', what }));
};
