import { createServer } from 'node:https';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closedPort } from '../support/local-server.ts';
import type { View } from './support/caller.ts';
import { authority } from './support/certificates.ts';
import type { Call, Spoiling } from './support/spoiler.ts';
import { openSpoiltWorld, sendWorded, tries, vendorJobsOf, type SpoiltWorld } from './support/spoilt-world.ts';
import { CANARIES } from './support/world.ts';

let world: SpoiltWorld;

beforeAll(async () => {
  world = await openSpoiltWorld();
});

afterAll(() => world.close());

const refuse = (status: number): Spoiling => ({ do: 'refuse', status });
const FAULTS = {
  reset: { do: 'reset' },
  lost: { do: 'lose' },
  cut: { do: 'cut' },
  500: refuse(500),
  502: refuse(502),
  503: refuse(503),
  504: refuse(504),
  429: refuse(429),
  401: refuse(401),
  402: refuse(402),
  garbage: { do: 'say', body: '{"id": "8daae6d1-26e0-11e5", "status": {"co' },
  html: { do: 'say', body: '<!doctype html><h1>One moment, please</h1>', headers: { 'content-type': 'text/html' } },
  empty: { do: 'say', body: '' },
} satisfies Record<string, Spoiling>;

type Fault = keyof typeof FAULTS;
const ALL = Object.keys(FAULTS).map((name) => (/^\d+$/.test(name) ? Number(name) : name)) as Fault[];

const OTHER: Readonly<Record<string, string>> = { api2convert: 'runconvert', runconvert: 'api2convert' };
/** What the first try was, and where the second one went; `null`: there is one try, and it succeeds. */
type Way = { readonly kind: string; readonly then: 'here' | 'elsewhere' } | null;

const away = (kind: string): Way => ({ kind, then: 'elsewhere' });
const here: Way = { kind: 'unavailable', then: 'here' };
const REFUSED = new Map<Fault, Way>([[429, away('rate_limited')], [401, away('unauthorized')], [402, away('quota_exhausted')], [500, here], [503, here]]);
const SPOILT: readonly Fault[] = ['garbage', 'html', 'empty'];

/** What must come of one such answer, by the kinds of errors and their policies. Undefined: the vendor's job may or may not have what it needs, and both are right. */
function wayOf(vendor: string, call: Call, fault: Fault): Way | undefined {
  if (call === 'read') return null;
  if (call === 'download') return SPOILT.includes(fault) || fault === 401 || fault === 402 ? away('output_invalid') : null;
  const starts = vendor === 'runconvert';
  // A signed form that is refused is no wrong key.
  if (call === 'upload' && starts && fault === 401) return here;
  const refused = REFUSED.get(fault);
  if (refused !== undefined) return refused;
  // Where a create is a start, what was lost is searched for: found, it is adopted; what was never made is made anew.
  if (call === 'create' && starts) return ['reset', 502, 504].includes(fault) ? here : null;
  if (call === 'create' && SPOILT.includes(fault)) return away('malformed_response');
  // An upload and a start say nothing that is needed: the job itself tells.
  if (SPOILT.includes(fault)) return null;
  return call === 'create' ? here : undefined;
}

const CALLS: readonly Call[] = ['create', 'upload', 'start', 'read', 'download'];
const CASES = Object.keys(OTHER).flatMap((vendor) => CALLS.filter((call) => call !== 'start' || vendor === 'api2convert').flatMap((call) => ALL.map((fault) => ({ vendor, call, fault }))));

test('FI-16: whatever one call at a vendor is answered with, the job is done, each vendor job that ran has its try, and the try its kind', async () => {
  const gateway = await world.gateway(world.ways);
  const sent: { name: string; way: Way | undefined; vendor: string; job: View }[] = [];
  for (const { vendor, call, fault } of CASES) {
    // Reads and downloads are to be asked for by the poll.
    const word = `${vendor}-${call}-${fault}${call === 'read' ? '-sandbox-no-callback' : ''}`;
    world.spoilers[vendor]?.spoil(word, call, FAULTS[fault]);
    sent.push({ name: word, vendor, way: wayOf(vendor, call, fault), job: await sendWorded(world, word, { upload: call === 'upload', routing: { prefer: [vendor] } }) });
  }
  const found: string[] = [];
  const expected: string[] = [];
  for (const { name, vendor, way, job } of sent) {
    const end = await world.caller.ended(job.id, 60_000);
    const jobs = await vendorJobsOf(world, job.id);
    const paid = jobs.filter(({ billable }) => billable).length;
    const told = tries(end);
    const wanted = way === undefined ? told : way === null ? [`${vendor} succeeded`] : [`${vendor} errored ${way.kind}`, `${way.then === 'here' ? vendor : (OTHER[vendor] ?? '')} succeeded`];
    // Money: what failed before it ran cost nothing, what ran and gave no file cost twice, and no vendor job is without a try.
    const most = name.includes('-download-') || way === undefined || way === null ? wanted.length : 1;
    found.push(`${name}: ${end.status}, ${told.join(', ')}; ${paid} paid`);
    expected.push(`${name}: completed, ${wanted.join(', ')}; ${Math.min(Math.max(paid, 1), most)} paid`);
  }
  expect(found).toEqual(expected);
  // The control: every fault was thrown, once.
  const thrown = Object.values(world.spoilers).flatMap(({ seen }) => seen.filter(({ spoilt }) => spoilt));
  expect(thrown).toHaveLength(CASES.length);
  await world.settled();
  expect(await world.audit()).toEqual([]);
  await gateway.stop();
});

test('FI-16: a cancel is certain for the caller whatever the vendor answers to it', async () => {
  const gateway = await world.gateway(world.ways);
  const canceled = await Promise.all(ALL.map(async (fault) => {
    const word = `cancel-${fault}-sandbox-hang`;
    world.spoilers['api2convert']?.spoil(word, 'cancel', FAULTS[fault]);
    const { id } = await sendWorded(world, word, { routing: { only: ['api2convert'] } });
    await until(async () => (await world.caller.read(id))?.attempts[0]?.status === 'running');
    return { fault, answer: await gateway.call(`/v1/jobs/${id}/cancel`, { method: 'POST' }), id };
  }));
  expect(canceled.map(({ answer }) => answer.status)).toEqual(ALL.map(() => 202));
  await world.settled();
  const ends = await Promise.all(canceled.map(({ id }) => world.caller.ended(id)));
  expect(ends.map((job) => [job.status, ...tries(job)])).toEqual(ALL.map(() => ['canceled', 'api2convert abandoned']));
  expect(world.spoilers['api2convert']?.seen.filter(({ call, spoilt }) => call === 'cancel' && spoilt)).toHaveLength(ALL.length);
  expect(await world.audit()).toEqual([]);
  await gateway.stop();
});

test('FI-16: a connection that was never made is certain: nothing is searched for, the next provider has the job within seconds', async () => {
  const day = 86_400_000;
  const ca = authority();
  const reached = new Map<string, number>();
  const servers = await Promise.all([['expired', 'localhost', -3 * day, -day], ['other-host', 'elsewhere.example', -day, day], ['good', 'localhost', -day, day]].map(async ([name, host, from, until]) => {
    const shown = ca.issue(String(host), { from: new Date(Date.now() + Number(from)), until: new Date(Date.now() + Number(until)) });
    const server = createServer(shown, (_request, response) => {
      reached.set(String(name), (reached.get(String(name)) ?? 0) + 1);
      response.writeHead(401).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return { name: String(name), baseUrl: `https://localhost:${(server.address() as AddressInfo).port}/v2`, close: () => void server.close().closeAllConnections() };
  }));
  const bad = [
    { name: 'refused', baseUrl: `http://127.0.0.1:${await closedPort()}/v2` },
    { name: 'no-name', baseUrl: 'https://no-such-host.invalid/v2' },
    ...servers,
  ];
  const folder = await mkdtemp(join(tmpdir(), 'gateway-fault-tls-'));
  await writeFile(join(folder, 'ca.pem'), ca.cert);
  const account = (id: string, adapter: string, baseUrl: string) => ({ id, adapter, baseUrl, apiKey: adapter === 'runconvert' ? CANARIES.runconvert : CANARIES.api2convert });
  const providers = [
    account('api2convert', 'api2convert', world.ways['API2CONVERT_BASE_URL'] ?? ''),
    // One that starts what it creates: there an uncertain create would be searched for.
    ...bad.map(({ name, baseUrl }) => account(name, 'runconvert', baseUrl)),
  ];
  await writeFile(join(folder, 'providers.json'), JSON.stringify({ providers }));
  const gateway = await world.gateway({ PROVIDERS_FILE: join(folder, 'providers.json'), NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') });
  try {
    const before = Date.now();
    const ends = await Promise.all(bad.map(async ({ name }) => world.caller.ended((await sendWorded(world, `connect-${name}`, { routing: { only: [name, 'api2convert'], prefer: [name] } })).id)));
    console.log(`the last of them was done after ${Date.now() - before} ms`);
    expect(ends.map((job, index) => [bad[index]?.name, ...tries(job)])).toEqual(
      bad.map(({ name }) => [name, ...(name === 'good' ? ['good errored unauthorized'] : [`${name} errored unavailable`, `${name} errored unavailable`]), 'api2convert succeeded']),
    );
    // The control: by its certificate alone the good one was spoken to, and the bad ones were not.
    expect([...reached.keys()]).toEqual(['good']);
    expect(await world.postgres.query(`SELECT 1 FROM event WHERE type = 'attempt.unknown' AND job_id = ANY($1::uuid[])`, [ends.map(({ id }) => id)])).toEqual([]);
    expect(await world.postgres.query('SELECT 1 FROM orphan WHERE job_id = ANY($1::uuid[])', [ends.map(({ id }) => id)])).toEqual([]);
    await world.settled();
    expect(await world.audit()).toEqual([]);
  } finally {
    await gateway.stop();
    for (const server of servers) server.close();
    await rm(folder, { recursive: true, force: true });
  }
});

async function until(holds: () => Promise<boolean>, ms = 30_000): Promise<void> {
  for (const late = Date.now() + ms; !(await holds()); await new Promise((resolve) => setTimeout(resolve, 40))) if (Date.now() > late) throw new Error(`it did not come about within ${ms} ms`);
}
