import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Gateway } from '../support/gateway.ts';
import { verified } from '../doubles/webhook-receiver.ts';
import type { View } from './support/caller.ts';
import { preloaded } from './support/preloads.ts';
import { pause, Stream } from './support/stream.ts';
import { CANARIES, openWorld, type World } from './support/world.ts';

const HOUR_MS = 3_600_000;

let world: World;
let folder: string;
let jumping: Gateway;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-clock-'));
  world = await openWorld();
  jumping = await world.gateway({ ...preloaded('jumping-clock.mjs'), CLOCK_FILE: join(folder, 'shift'), LOG_LEVEL: 'warn' });
  // A second one, whose clock is right: leases and due times are between the two.
  await world.gateway();
});

afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true, force: true });
});

const jump = (ms: number) => writeFile(join(folder, 'shift'), String(ms)).then(() => pause(60));

test.each([['ahead', HOUR_MS], ['back', -HOUR_MS]])('FI-22: a clock that jumps an hour %s and returns moves no lease, due time, deadline or signature', async (_way, ms) => {
  await jump(0);
  const from = world.receiver.received.length;
  const [begun] = await world.postgres.query<{ at: string }>('SELECT now()::text AS at');
  // Refused once: the second try is due 5 s later by the database, whatever the clock of who tries says.
  world.receiver.behave(`/again/${ms}`, (response, _received, nth) => void response.writeHead(nth === 1 ? 503 : 204).end());
  const again = await world.caller.send(world.job({ webhook: { url: `${world.receiver.origin}/again/${ms}`, secret: CANARIES.webhook, events: ['job.completed'] } }));
  await world.caller.ended(again.id);
  const waiting = (await (await jumping.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(world.job({ inputs: [{ id: 'file', type: 'upload', filename: 'a.jpg' }] })) })).json()) as View;
  const stream = new Stream(world, jumping, { lanes: 2, pauseMs: 60 });
  await pause(700);
  await jump(ms);
  const jumped = Date.now();
  // The control: what is logged by its clock is off.
  await world.postgres.cutConnections();
  await pause(4000);
  const off = jumping.output().split('\n').filter((line) => line.startsWith('{')).map((line) => Date.parse((JSON.parse(line) as { time: string }).time) - jumped);
  expect(off.some((difference) => Math.abs(difference - ms) < 60_000)).toBe(true);
  await jump(0);
  await pause(700);
  const ends = await stream.stop();
  await world.settled();
  expect(stream.improper()).toEqual([]);
  expect(stream.answers.filter(({ at, status }) => at > jumped && status === 202).length).toBeGreaterThan(5);
  expect(ends.map(({ status, attempts }) => [status, attempts.length])).toEqual(ends.map(() => ['completed', 1]));
  // No lease was taken from whom it belonged to, and nothing waited for an hour.
  const [slowest] = await world.postgres.query<{ seconds: number; lost: number }>(`SELECT extract(epoch FROM max(j.ended_at - j.created_at))::float8 AS seconds, max(s.lost_leases) AS lost FROM job j JOIN stage s ON s.job_id = j.id WHERE j.ended_at IS NOT NULL AND j.created_at >= $1`, [begun?.at]);
  expect(slowest?.lost).toBe(0);
  expect(slowest?.seconds).toBeLessThan(30);
  // Whoever checks signatures checks the time in them: it is the database's.
  const news = world.receiver.received.slice(from);
  for (const one of news) expect(() => verified(CANARIES.webhook, one)).not.toThrow();
  expect(news.filter(({ headers }) => Math.abs(Number(headers['webhook-timestamp']) * 1000 - Date.now()) > 120_000)).toEqual([]);
  expect(world.receiver.at(`/again/${ms}`)).toHaveLength(2);
  expect((await world.caller.read(waiting.id))?.status).toBe('awaiting_input');
  expect(await world.audit()).toEqual([]);
});
