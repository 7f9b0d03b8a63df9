import type { Breach, Check } from './evidence.ts';
import { illegalMoves } from './history.ts';

interface EventRow {
  readonly job_id: string;
  readonly sequence: number;
  readonly type: string;
}

const ENDINGS: Readonly<Record<string, string>> = { 'job.completed': 'completed', 'job.failed': 'failed', 'job.canceled': 'canceled' };
/** What may be found out after a job's end without anything of it moving. */
const AFTERMATH = new Set(['attempt.orphan_found', 'attempt.late_success', 'attempt.waste']);

/** I3: timelines have no gap and no way back: one end, nothing of the job behind it, and it is the end that the job shows. */
export const monotone: Check = async ({ query }) => {
  const jobs = await query<{ id: string; status: string; last_sequence: number }>('SELECT id, status, last_sequence FROM job');
  const events = await query<EventRow>('SELECT job_id, sequence, type FROM event ORDER BY job_id, sequence');
  const byJob = Map.groupBy(events, ({ job_id: job }) => job);
  const found: string[] = [];
  for (const { id, status, last_sequence: last } of jobs) {
    const own = byJob.get(id) ?? [];
    if (own.length !== last || own.some(({ sequence }, index) => sequence !== index + 1)) found.push(`the timeline of job ${id} is not 1 to ${last}: ${own.map(({ sequence }) => sequence).join(' ')}`);
    const ends = own.filter(({ type }) => type in ENDINGS);
    const end = ends[0];
    if (ends.length > 1) found.push(`job ${id} ended ${ends.length} times`);
    if (end === undefined && Object.values(ENDINGS).includes(status)) found.push(`job ${id} is ${status}, and its timeline has no end`);
    if (end !== undefined && ENDINGS[end.type] !== status) found.push(`job ${id} is ${status}, and its timeline says ${end.type}`);
    const after = end === undefined ? [] : own.filter(({ sequence, type }) => sequence > end.sequence && !AFTERMATH.has(type));
    if (after.length > 0) found.push(`job ${id} went on after its end: ${after.map(({ type }) => type).join(', ')}`);
  }
  return [...found.map((what): Breach => ({ rule: 'I3', what })), ...(await illegalMoves(query))];
};
