import type { JobPage, ListedJob } from '../../../src/conversion/job-page.js';
import { PollPace } from '../../../src/execution/poll-pace.js';
import { RollCallService } from '../../../src/execution/roll-call.service.js';
import { RollCallStore } from '../../../src/execution/roll-call-store.js';
import type { Env } from '../../../src/platform/env.js';
import { engineRoom, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';
import { planting } from '../../support/planting.js';

export const CEILING_MS = 15_000;
const env = { raw: { POLL_FLOOR_MS: 1000, POLL_CEILING_MS: CEILING_MS } } as Env;

/** Its list has pages of 50, and says what a test has it say. */
class Listing extends FakeProvider {
  jobs: readonly ListedJob[] = [];
  answer: (page: number) => JobPage | Promise<JobPage> = (page) => this.pageOf(page);
  pages = 0;

  pageOf(page: number): JobPage {
    const jobs = this.jobs.slice(page * 50, (page + 1) * 50);
    return { jobs, next: (page + 1) * 50 < this.jobs.length ? String(page + 1) : null };
  }

  async list(cursor: string | null): Promise<JobPage> {
    this.pages += 1;
    return this.answer(Number(cursor ?? 0));
  }
}

export const vendor = new Listing('one', ['convert']);
export let room: EngineRoom;
let store: RollCallStore;
let template: string;

/** Opens and closes the room around a file's tests, and empties it before each. */
export function setTheScene(): void {
  beforeAll(async () => {
    room = await engineRoom([vendor]);
    store = new RollCallStore(room.database);
  });

  beforeEach(async () => {
    await room.empty();
    await room.test.query('TRUNCATE roll_call');
    await store.prepare(['one']);
    template = (await room.accept({})).id;
    vendor.pages = 0;
    vendor.answer = (page) => vendor.pageOf(page);
  });

  afterAll(() => room.close());
}

export const busy = (number: number, more: { readonly progress?: number; readonly word?: string } = {}): ListedJob => ({ providerJobId: `theirs-${number}`, state: 'running', progress: more.progress ?? null, word: more.word ?? 'busy' });
export const ended = (number: number): ListedJob => ({ providerJobId: `theirs-${number}`, state: 'ended' });
export const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** `count` attempts that run, each to be read in `dueSeconds`, and a list that shows them all. */
export async function plant(count: number, dueSeconds = 1): Promise<void> {
  for (const statement of planting(template, 'one', count, dueSeconds)) await room.test.query(statement);
  await room.test.query(`DELETE FROM job WHERE id = $1`, [template]);
  vendor.jobs = numbers(count).map((number) => busy(number));
}

export async function round(pace = new PollPace(env)): Promise<PollPace> {
  await room.test.query('UPDATE roll_call SET due_at = now() - make_interval(secs => 1)');
  return ask(pace);
}

export async function ask(pace = new PollPace(env)): Promise<PollPace> {
  const service = new RollCallService(store, room.registry, pace, env);
  await service.look();
  await service.called();
  await service.look();
  return pace;
}

/** In how many seconds each is read, by number. */
export async function due(): Promise<Map<number, number>> {
  const rows = await room.test.query<{ number: number; seconds: number }>(
    `SELECT substr(a.provider_job_id, 8)::int AS number, extract(epoch FROM g.due_at - now())::float8 AS seconds FROM stage g JOIN attempt a ON a.stage_id = g.id ORDER BY 1`,
  );
  return new Map(rows.map(({ number, seconds }) => [number, seconds]));
}

export const soonest = async (): Promise<number> => Math.min(...(await due()).values());
export const listed = async (number: number): Promise<string | null> => (await room.test.query<{ listed: string | null }>('SELECT listed FROM attempt WHERE provider_job_id = $1', [`theirs-${number}`]))[0]?.listed ?? null;
export const stageOf = (number: number, set: string) => room.test.query(`UPDATE stage g SET ${set} FROM attempt a WHERE a.stage_id = g.id AND a.provider_job_id = $1`, [`theirs-${number}`]);
export const attempt = (number: number, set: string) => room.test.query(`UPDATE attempt SET ${set} WHERE provider_job_id = $1`, [`theirs-${number}`]);
export const state = async () => (await room.test.query<{ failures: number; covers: boolean; seconds: number }>('SELECT failures, covers_until > now() AS covers, extract(epoch FROM due_at - now())::float8 AS seconds FROM roll_call'))[0];
