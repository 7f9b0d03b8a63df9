import type { EngineRoom } from '../engine-room.js';
import type { Action } from './actions.js';
import { audit } from './auditor.js';
import { CALM } from './script.js';
import { PROVIDERS } from './scripted-provider.js';
import { World } from './world.js';

/** Of calm work after which every job has ended that waits for nobody: more than the longest job needs. */
const ROUNDS = 40;

/** A world in which nothing has happened yet. */
export async function begin(room: EngineRoom): Promise<World> {
  for (const table of ['job', 'orphan', 'callback', 'provider_throttle']) await room.test.query(`DELETE FROM ${table}`);
  for (const provider of PROVIDERS) {
    provider.configured = true;
    provider.canceled.length = 0;
    provider.jobs.clear();
  }
  return new World(room, PROVIDERS);
}

/** Tells a story, lets everything that is left come to its end, and throws at whatever must not be. */
export async function survives(room: EngineRoom, story: readonly Action[]): Promise<void> {
  const world = await begin(room);
  const holds = async (when: string, inTheEnd: boolean) => {
    const breaches = [...(await audit(room.test, inTheEnd)), ...world.surprises.map((error) => `an error that nobody expected: ${String(error)}`)];
    if (breaches.length > 0) throw new Error(`${when}: ${breaches.join('\n')}`);
  };
  for (const action of story) await world.perform(action);
  await holds('after the story', false);
  await calmDown(room, world);
  await holds('in the end', true);
  const before = await written(room);
  await world.thawAll();
  if ((await written(room)) !== before) throw new Error('a worker that stopped long ago changed what had ended');
  await world.perform({ do: 'orphans' });
  const unknown = await unrecorded(room);
  if (unknown.length > 0) throw new Error(`jobs run at vendors, and nobody knows of them: ${unknown.join(', ')}`);
  await holds('after the end', true);
}

const open = (room: EngineRoom) => room.test.query<{ id: string; status: string }>(`SELECT id, status FROM job WHERE ended_at IS NULL AND status <> 'awaiting_input'`);

/** Everything that is due is done, by vendors and receivers at their best. The deadline is left to what waits for its caller. */
async function calmDown(room: EngineRoom, world: World): Promise<void> {
  for (const provider of PROVIDERS) provider.configured = true;
  for (let round = 0; round < ROUNDS && (await open(room)).length > 0; round += 1) {
    await world.perform({ do: 'expire' });
    await world.perform({ do: 'work', scripts: Array.from({ length: 20 }, () => CALM) });
  }
  const left = await open(room);
  if (left.length > 0) throw new Error(`nothing will ever happen again to ${JSON.stringify(left)}`);
  await room.test.query(`UPDATE job SET deadline_at = now() - interval '1 second' WHERE ended_at IS NULL`);
  await room.deadlines.failOverdue();
  for (let round = 0; round < ROUNDS && (await room.test.query(`SELECT 1 FROM delivery WHERE status = 'scheduled'`)).length > 0; round += 1) {
    await world.perform({ do: 'expire' });
    await world.perform({ do: 'deliver', status: 200, late: false });
  }
}

/** What late news may add is left out: a vendor's id, a cost, and that it was waste, which move nothing. */
async function written(room: EngineRoom): Promise<string> {
  return JSON.stringify(await room.test.query(
    `SELECT (SELECT count(*) FROM seen) AS changes, (SELECT count(*) FROM event WHERE type NOT IN ('attempt.late_success', 'attempt.waste', 'attempt.orphan_found')) AS events, (SELECT count(*) FROM file) AS files`,
  ));
}

/** Vendors' jobs that run, or ran, and of which there is no record. */
async function unrecorded(room: EngineRoom): Promise<string[]> {
  const rows = await room.test.query<{ id: string }>('SELECT provider_job_id AS id FROM attempt UNION SELECT provider_job_id FROM orphan');
  const recorded = new Set(rows.map(({ id }) => id));
  return PROVIDERS.flatMap(({ jobs }) => [...jobs.values()].filter(({ id, runs }) => runs && !recorded.has(id)).map(({ id }) => id));
}
