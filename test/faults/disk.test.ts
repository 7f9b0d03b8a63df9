import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Gateway } from '../support/gateway.ts';
import type { View } from './support/caller.ts';
import { ask, askPatiently, pause, type Said } from './support/stream.ts';
import { openWorld, type World } from './support/world.ts';

const run = promisify(execFile);
/** A place of a few megabytes, which only root can make. */
const SIZE_MB = 64;

let world: World;
let place: string;
let gateway: Gateway;
let mounted = false;

beforeAll(async () => {
  world = await openWorld();
  place = world.staging;
  mounted = await run('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'tmpfs', place]).then(() => true, () => false);
  gateway = await world.gateway();
});

afterAll(async () => {
  await gateway.stop();
  if (mounted) await run('umount', [place]);
  await world.close();
});

const post = (body: object): Promise<Said> => askPatiently(gateway, '/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const uploadJob = () => world.job({ inputs: [{ id: 'file', type: 'upload', filename: 'lighthouse.jpg' }] });
const inline = () => world.job({ inputs: [{ id: 'file', type: 'base64', filename: 'notes.txt', data: Buffer.alloc(200_000, 'a').toString('base64') }], steps: [{ id: 'made', operation: 'convert', to: 'html' }] });
const put = (id: string, bytes: Buffer): Promise<Said> => ask(gateway, `/v1/jobs/${id}/inputs/file/content`, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: new Uint8Array(bytes) });
const idOf = ({ text }: Said): string => (JSON.parse(text) as View).id;
/** How often the vendors handed out a result. */
const downloads = async () => ((await (await fetch(new URL('/sandbox/ledger', world.vendors.runconvert))).json()) as { jobs: { downloads: number }[] }).jobs.reduce((sum, job) => sum + job.downloads, 0);
const parts = async () => (await readdir(place, { recursive: true })).filter((name) => name.endsWith('.part'));

function accepted(said: Said): string {
  expect([said.status, said.status === 202 ? '' : said.text]).toEqual([202, '']);
  world.caller.accepted.push({ id: idOf(said), idempotencyKey: null });
  return idOf(said);
}

/** Ways in which the place for files is no use, and how each ends. */
const TROUBLES: readonly (readonly [name: string, begin: () => Promise<unknown>, end: () => Promise<unknown>])[] = [
  ['full', () => writeFile(join(place, 'filler'), Buffer.alloc(SIZE_MB * 1024 * 1024)).catch(() => undefined), () => rm(join(place, 'filler'))],
  ['read-only', () => run('mount', ['-o', 'remount,ro', place]), () => run('mount', ['-o', 'remount,rw', place])],
];

test.each(TROUBLES)('FI-40: a place for files that is %s: uploads are refused in clear words, jobs wait, and all goes on once it is not', async (_name, begin, end) => {
  if (!mounted) return console.log('Not shown here: a small file system can only be mounted by root.');
  const photo = Buffer.concat([await sample(), Buffer.alloc(600_000)]);
  const [waiting, running] = [accepted(await post(uploadJob())), accepted(await post(world.job()))];
  await world.caller.ended(running);
  await begin();
  try {
    for (const said of [await put(waiting, photo), await post(inline())]) {
      expect(said).toMatchObject({ status: 503, retryAfter: '30' });
      expect(JSON.parse(said.text)).toMatchObject({ code: 'unavailable', detail: expect.stringMatching(/^The place for files cannot be written \(E\w+\)\./) as string });
    }
    // What needs no room at once is taken, and waits with its result.
    const held = await Promise.all(['api2convert', 'runconvert'].map(async (vendor) => accepted(await post(world.job({ routing: { only: [vendor] } })))));
    // Longer than the vendor would hand a result out, were it asked for every few seconds.
    await pause(4000);
    const loads = await downloads();
    await pause(6000);
    expect(await downloads()).toBe(loads);
    expect((await ask(gateway, '/health/ready')).status).toBe(200);
    expect(await Promise.all(held.map(async (id) => (await world.caller.read(id))?.status))).toEqual(['processing', 'processing']);
    expect((await world.caller.read(waiting))?.status).toBe('awaiting_input');
    await end();
    expect((await put(waiting, await sample())).status).toBe(200);
    const ends = await Promise.all([waiting, ...held].map((id) => world.caller.ended(id, 60_000)));
    expect(ends.map(({ status, attempts }) => [status, attempts.length])).toEqual(ends.map(() => ['completed', 1]));
    // The control: now they were handed out.
    expect(await downloads()).toBeGreaterThan(loads);
  } finally {
    await end().catch(() => undefined);
  }
  expect(await parts()).toEqual([]);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});

test('FI-40: out of file descriptors: what is open is served, the rest is shed, nothing ends that must not, and it recovers', async () => {
  const { pid } = gateway.process;
  // The soft limit alone: not everybody may raise the hard one again.
  const limit = (most: number | string) => run('prlimit', ['--pid', String(pid), `--nofile=${most}:`]);
  const usual = /Max open files +(\d+)/.exec(await readFile(`/proc/${pid}/limits`, 'utf8'))?.[1] ?? '1024';
  const open = (await readdir(`/proc/${pid}/fd`)).length;
  const before = accepted(await post(world.job()));
  await limit(open + 25);
  const { hostname, port } = new URL(gateway.url);
  let shed = 0;
  const sockets = Array.from({ length: 80 }, () => new Socket().on('error', () => undefined).once('close', () => (shed += 1)).resume().connect(Number(port), hostname));
  const said: Said[] = [];
  for (let turn = 0; turn < 12; turn += 1) {
    said.push(await ask(gateway, '/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(world.job()), signal: AbortSignal.timeout(3000) }));
    await pause(150);
  }
  // The control: the limit was felt.
  expect(shed).toBeGreaterThan(0);
  for (const one of said.filter(({ status }) => status === 202)) accepted(one);
  for (const socket of sockets) socket.destroy();
  const eased = Date.now();
  await limit(usual);
  while ((await ask(gateway, '/health/ready')).status !== 200 && Date.now() - eased < 10_000) await pause(50);
  console.log(`out of descriptors: ${shed} connections shed, ${said.map(({ status }) => status).join(' ')}; ready ${Date.now() - eased} ms after`);
  expect(Date.now() - eased).toBeLessThan(3000);
  expect(said.filter(({ status }) => ![0, 202, 503].includes(status))).toEqual([]);
  const ids = [before, ...said.filter(({ status }) => status === 202).map(idOf), accepted(await post(world.job()))];
  expect((await Promise.all(ids.map((id) => world.caller.ended(id, 60_000)))).map(({ status }) => status)).toEqual(ids.map(() => 'completed'));
  await world.settled();
  expect(await world.audit()).toEqual([]);
  expect([gateway.process.exitCode, gateway.process.signalCode]).toEqual([null, null]);
});

const sample = (): Promise<Buffer> => readFile(new URL('../samples/lighthouse.jpg', import.meta.url));
