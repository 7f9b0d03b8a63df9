import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CANARIES, openWorld, type World } from './support/world.ts';

const MOST = 2;
const JOBS = 30;
let world: World;
let folder: string;

beforeAll(async () => {
  world = await openWorld({ sandbox: { SANDBOX_SPEED_MS: '200' } });
  folder = await mkdtemp(join(tmpdir(), 'gateway-room-'));
  const path = join(folder, 'providers.json');
  await writeFile(path, JSON.stringify({ providers: [{ id: 'narrow', adapter: 'api2convert', apiKey: CANARIES.api2convert, baseUrl: world.vendors.api2convert, maxConcurrent: MOST }] }));
  for (let nth = 0; nth < 3; nth += 1) await world.gateway({ PROVIDERS_FILE: path });
});

afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

test('three processes never have more at a provider than it may run; who waits is let in at once as one ends, and a lone tenant does not wait behind many', async () => {
  const began = Date.now();
  const text = world.job({ inputs: [{ id: 'file', type: 'url', url: 'https://files.example.com/notes.txt' }], steps: [{ id: 'made', operation: 'convert', to: 'html' }] });
  const many = await Promise.all(Array.from({ length: JOBS }, () => world.caller.send(text)));
  const lone = await world.caller.send(text);
  await world.postgres.query(`UPDATE stage SET tenant = 'lone' WHERE job_id = $1`, [lone.id]);
  await world.settled(80_000);
  const took = (Date.now() - began) / 1000;
  const attempts = await world.postgres.query<{ job_id: string; took: number; beside: number; place: number }>(
    `SELECT a.job_id, extract(epoch FROM a.ended_at - a.started_at)::float8 AS took, row_number() OVER (ORDER BY a.started_at)::int AS place,
       (SELECT count(*)::int FROM attempt b WHERE b.started_at <= a.started_at AND b.ended_at > a.started_at) AS beside FROM attempt a ORDER BY a.started_at`,
  );
  expect(attempts).toHaveLength(JOBS + 1);
  expect(Math.max(...attempts.map(({ beside }) => beside))).toBe(MOST);
  const busy = attempts.reduce((sum, one) => sum + one.took, 0) / MOST;
  const place = attempts.find(({ job_id: id }) => id === lone.id)?.place ?? 0;
  console.log(`${JOBS + 1} jobs in ${took.toFixed(1)} s, of which ${busy.toFixed(1)} s were work; the last to come was number ${place}`);
  // The time in which nothing ran although something waited is small against a look every half second for each.
  expect(took).toBeLessThan(1.6 * busy + 3);
  expect(place).toBeLessThan(JOBS / 2);
  // The control: of the many, the last ones did wait for nearly all others.
  expect(Math.max(...attempts.filter(({ job_id: id }) => many.some((job) => job.id === id)).map((one) => one.place))).toBe(JOBS + 1);
  expect(await world.audit()).toEqual([]);
}, 120_000);
