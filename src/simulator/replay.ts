import { DEFAULT_ATTEMPTS } from '../conversion/read-job.js';
import { afterError, whenNobodyIsLeft, type Try } from '../execution/decide.js';
import type { Gateway } from './gateways.js';
import { Queue } from './queue.js';
import type { Outcome, SimulatedJob, World } from './world.js';

/** How a stream of jobs went. */
export interface Replayed {
  readonly name: string;
  /** In hundred-millionths of the currency, what failed was charged included. */
  readonly spent: number;
  readonly succeeded: number;
  readonly attempts: number;
  /** From arrival to the end, in ms, of those that went well. */
  readonly took: Float64Array;
  /** What each job was charged, by its number. */
  readonly charges: Float64Array;
  /** 1 where the job went well. */
  readonly done: Uint8Array;
}

interface Course {
  readonly job: SimulatedJob;
  history: Try[];
  planned: number;
  /** Of the attempt that runs. */
  outcome: Outcome | null;
}

/** Lets a gateway have the stream, on a clock of its own: what happens first is first, whichever job it belongs to. */
export function replay(world: World, gateway: Gateway, progress: (share: number) => void = () => undefined): Replayed {
  const { jobs, providers } = world;
  const charges = new Float64Array(jobs.length);
  const done = new Uint8Array(jobs.length);
  const took: number[] = [];
  let attempts = 0;
  const due = new Queue<Course>();

  const begin = (course: Course, now: number): void => {
    const { job, history } = course;
    course.planned = gateway.begin(job, course.planned, history.map(({ provider }) => provider), now);
    const id = providers[course.planned]?.id;
    course.outcome = world.outcome(job, course.planned, history.filter(({ provider }) => provider === id).length, now);
    attempts += 1;
    due.add(now + course.outcome.ms, course);
  };

  const end = (course: Course, outcome: Outcome, now: number): void => {
    const { job, planned } = course;
    const { kind, charge } = outcome;
    charges[job.number] = (charges[job.number] ?? 0) + charge;
    gateway.ended(job, planned, outcome, now);
    course.outcome = null;
    if (kind === null) {
      done[job.number] = 1;
      took.push(now - job.at);
      return;
    }
    course.history = [...course.history, { provider: providers[planned]?.id ?? '', kind }];
    const facts = { error: { kind, message: '', retryAfterMs: null }, history: course.history, maxAttempts: DEFAULT_ATTEMPTS, now };
    const next = afterError(facts);
    if (next.do === 'fail') return;
    if (next.do === 'retry_here') {
      due.add(now + next.afterMs, course);
      return;
    }
    const other = gateway.choose(job, next.tried, now);
    if (other !== null) {
      course.planned = other;
      begin(course, now);
      return;
    }
    const turn = whenNobodyIsLeft(facts, providers.filter((provider) => provider.offers(job)).map(({ id }) => id));
    if ('code' in turn) return;
    course.planned = providers.findIndex(({ id }) => id === turn.provider);
    due.add(now + turn.afterMs, course);
  };

  const passTime = (until: number): void => {
    for (let next = due.takeUntil(until); next !== null; next = due.takeUntil(until)) {
      const { at, item } = next;
      if (item.outcome === null) begin(item, at);
      else end(item, item.outcome, at);
    }
  };

  for (const job of jobs) {
    if (job.number % 5000 === 0) progress(job.number / jobs.length);
    passTime(job.at);
    const planned = gateway.choose(job, [], job.at);
    if (planned !== null) begin({ job, history: [], planned, outcome: null }, job.at);
  }
  passTime(Infinity);
  return { name: gateway.name, spent: charges.reduce((sum, charge) => sum + charge, 0), succeeded: took.length, attempts, took: Float64Array.from(took).sort(), charges, done };
}
