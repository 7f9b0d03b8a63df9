import { Logger } from '@nestjs/common';
import fc from 'fast-check';
import { allowed, inWords } from '../support/machines.js';
import { engineRoom, type EngineRoom } from '../support/engine-room.js';
import { actions } from '../support/interleavings/actions.js';
import { audit, seen, watch } from '../support/interleavings/auditor.js';
import { PROVIDERS } from '../support/interleavings/scripted-provider.js';
import { STORIES } from '../support/interleavings/stories.js';
import { begin, survives } from '../support/interleavings/survival.js';

/** FAULT_RUNS: more of them, from chance and without a limit to the time they take; else the same few each time. */
const RUNS = process.env['FAULT_RUNS'];
const USUAL = { numRuns: 25, seed: 20_261_122, interruptAfterTimeLimit: 8_000 };

/** Transitions that no row makes. */
const NEVER_WRITTEN: Readonly<Record<string, string>> = {
  'attempt: planned → submitting': 'the stage is the plan: an attempt has a row from the moment that it is submitted',
};

let room: EngineRoom;
const made = new Set<string>();
const missing = () => allowed().map(inWords).filter((transition) => !made.has(transition));
const notice = async () => (await seen(room.test)).forEach((transition) => made.add(inWords(transition)));

beforeAll(async () => {
  Logger.overrideLogger(false);
  room = await engineRoom(PROVIDERS, { pricing: { currency: 'USD', perCredit: '0.02', credits: [] } });
  await watch(room.test);
});

afterAll(async () => {
  Logger.overrideLogger(['log', 'warn', 'error']);
  await room.close();
});

it('whatever comes in whatever order, no state is reached that is not in the tables, and every job ends', async () => {
  await fc.assert(fc.asyncProperty(actions, (story) => survives(room, story)), RUNS === undefined ? USUAL : { numRuns: Number(RUNS) });
  await notice();
  const left = missing();
  if (left.length > 1) console.log(`Transitions that chance did not make this time: ${left.join('; ')}`);
  expect(left.length).toBeLessThan(allowed().length / 2);
}, RUNS === undefined ? 60_000 : 3_600_000);

it.each(Object.entries(STORIES))('%s: told once in full', async (_, story) => {
  await survives(room, story);
});

it('every transition of the tables is made by somebody', async () => {
  await notice();
  expect(missing()).toEqual(Object.keys(NEVER_WRITTEN));
});

describe('the controls: what must not be is seen', () => {
  /** A job that runs, and an audit that finds nothing. */
  async function running() {
    const world = await begin(room);
    for (const action of STORIES.running ?? []) await world.perform(action);
    await room.test.query('DELETE FROM seen');
    expect(await audit(room.test, false)).toEqual([]);
  }

  it.each([
    ['a job goes back', `UPDATE job SET status = 'queued'`, 'not in the tables: job: processing → queued'],
    ['an attempt ends without having run', `UPDATE attempt SET status = 'succeeded', ended_at = now()`, 'not in the tables: attempt: submitting → succeeded'],
    ['a row begins where none may', `INSERT INTO job_export (job_id, id, position, status, waits_for) SELECT id, 'x', 0, 'delivered', '{}' FROM job`, 'not in the tables: job_export: (new) → delivered'],
    ['progress falls', `UPDATE job SET progress = -1`, 'not in the tables: job.progress: 0 → -1'],
    ['the timeline has a gap', `DELETE FROM event WHERE sequence = 2`, 'a timeline with a gap'],
    ['a stage is done without a success', `UPDATE stage SET status = 'done'`, 'a stage that is done without a success'],
    ['a job ends and its attempt goes on', `UPDATE job SET status = 'failed', ended_at = now()`, 'an ended job that goes on'],
  ])('%s', async (_, change, breach) => {
    await running();
    await room.test.query(change);
    expect(await audit(room.test, false)).toContainEqual(expect.stringContaining(breach));
    await room.test.query('DELETE FROM seen');
  });

  it('nothing has ended while a job runs', async () => {
    await running();
    expect((await audit(room.test, true)).join()).toMatch(/a job that has not ended.*a stage that is due or held/s);
  });

  it('an engine whose workers are not fenced does not survive', async () => {
    Object.assign(room.stages, { hold: async () => undefined, holdWith: () => undefined });
    try {
      await expect(survives(room, STORIES['a worker comes back after another has done its work'] ?? [])).rejects.toThrow('a result that is there twice');
    } finally {
      Reflect.deleteProperty(room.stages, 'hold');
      Reflect.deleteProperty(room.stages, 'holdWith');
      await room.test.query('DELETE FROM seen');
    }
  });
});
