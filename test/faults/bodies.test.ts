import { readdir, readFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.ts';
import type { Gateway } from '../support/gateway.ts';
import type { View } from './support/caller.ts';
import { ask, askPatiently, pause } from './support/stream.ts';
import { openWorld, type World } from './support/world.ts';

// Names of files: filenames.test.ts. Scaled to what fits: uploads of 192 MiB where 24 MiB are allowed (FI-26 says 5 GiB), 2,000 idle sockets (FI-29 says 10,000).
const MIB = 1024 * 1024;
const LIMIT = 24 * MIB;
const SENT = 192 * MIB;
const RSS = 64 * MIB;
const IDLE = 2000;

let world: World;
let double: Api2convertDouble;
let gateway: Gateway;

beforeAll(async () => {
  [world, double] = await Promise.all([openWorld({ variables: { MAX_UPLOAD_BYTES: String(LIMIT) } }), api2convertDouble()]);
  gateway = await world.gateway();
  // What a first request costs is no growth.
  await ask(gateway, `/v1/jobs/${await awaiting()}/inputs/file/content`, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: new Uint8Array(8 * MIB) });
});

beforeEach(async () => {
  if (gateway.process.exitCode !== null) gateway = await world.gateway();
});

afterAll(() => Promise.all([world.close(), double.close()]));

const uploadJob = (filename = 'a.jpg') => world.job({ inputs: [{ id: 'file', type: 'upload', filename }] });
const post = (body: object, at = gateway) => askPatiently(at, '/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const awaiting = async (): Promise<string> => (JSON.parse((await post(uploadJob())).text) as View).id;
const staged = async () => (await readdir(world.staging, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).length;
const memory = async (word: 'VmRSS' | 'VmHWM', at = gateway) => Number(/(\d+) kB/.exec(new RegExp(`${word}:.*`).exec(await readFile(`/proc/${at.process.pid}/status`, 'utf8'))?.[0] ?? '')?.[1] ?? 0) * 1024;
const answered = (text: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1] ?? 0);

/** The most that memory grew while `work` ran, in bytes. */
async function growth(work: () => Promise<void>, at = gateway): Promise<number> {
  const before = await memory('VmRSS', at);
  let most = before;
  const watch = setInterval(() => void memory('VmRSS', at).then((now) => (most = Math.max(most, now)), () => undefined), 20);
  await work();
  clearInterval(watch);
  return Math.max(most, await memory('VmRSS', at)) - before;
}

/** A request as bytes: its head, then `total` bytes in pieces (framed, where `chunked`), as long as the other side takes them. */
function raw(head: string, total: number, { chunked = false, cutAt = Infinity } = {}): Promise<{ readonly status: number; readonly sent: number; readonly text: string }> {
  const { hostname, port } = new URL(gateway.url);
  return new Promise((resolve) => {
    let text = '';
    let sent = 0;
    const socket = connect(Number(port), hostname);
    const piece = Buffer.alloc(64 * 1024, 'x');
    const framed = chunked ? Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]) : piece;
    const more = () => {
      while (sent < total && !socket.destroyed && text === '') {
        if (sent >= cutAt) return void socket.destroy();
        sent += piece.length;
        if (!socket.write(framed)) return void socket.once('drain', more);
      }
      if (chunked && sent >= total) socket.write('0\r\n\r\n');
    };
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (/\r\n\r\n/.test(text)) setTimeout(() => socket.destroy(), 100);
    });
    socket.on('close', () => resolve({ status: answered(text), sent, text }));
    socket.setTimeout(30_000, () => socket.destroy());
    socket.write(`${head}\r\nhost: ${hostname}\r\nauthorization: Bearer ${gateway.key}\r\n\r\n`, () => more());
  });
}

const put = (id: string, headers: string) => `PUT /v1/jobs/${id}/inputs/file/content HTTP/1.1\r\ncontent-type: application/octet-stream\r\n${headers}`;

test('FI-26: an upload over the limit is refused as announced, or as it comes; memory is flat and nothing is kept', async () => {
  const id = await awaiting();
  const before = await staged();
  const grown = await growth(async () => {
    const announced = await raw(put(id, `content-length: ${SENT}`), SENT);
    const streamed = await raw(put(id, 'transfer-encoding: chunked'), SENT, { chunked: true });
    console.log(`413 after ${announced.sent} of ${SENT} announced bytes, and after ${streamed.sent} of as many that were not`);
    expect([announced.status, streamed.status]).toEqual([413, 413]);
    expect(streamed.text).toContain('payload_too_large');
    // Refused on the way, not at the end.
    expect(announced.sent).toBeLessThan(LIMIT);
    expect(streamed.sent).toBeLessThan(SENT);
  });
  console.log(`memory grew by ${Math.round(grown / MIB)} MiB`);
  expect(grown).toBeLessThan(RSS);
  expect(await staged()).toBe(before);
  // The control: the same way takes what is within the limit, and the job still waits for it.
  expect((await raw(put(id, `content-length: ${MIB}`), MIB)).status).toBe(200);
});

test('FI-26: a Content-Length that lies: what is less is never kept, what is more is no part of the file', async () => {
  const [short, long] = [await awaiting(), await awaiting()];
  const before = await staged();
  expect((await raw(put(short, `content-length: ${4 * MIB}`), 4 * MIB, { cutAt: 2 * MIB })).status).toBe(0);
  const { status } = await raw(put(long, `content-length: ${64 * 1024}`), 4 * MIB);
  expect([200, 400]).toContain(status);
  await pause(500);
  const sizes = await world.postgres.query<{ size: number }>('SELECT f.size::int AS size FROM file f WHERE f.job_id = ANY($1::uuid[])', [[short, long]]);
  expect(sizes.filter(({ size }) => size !== 64 * 1024)).toEqual([]);
  expect(await staged()).toBe(before + sizes.length);
});

test('FI-26: uploads that break off in the middle leave no file, however many', async () => {
  const ids = await Promise.all(Array.from({ length: 8 }, awaiting));
  const before = await staged();
  const cut = Promise.all(ids.map((id, index) => raw(put(id, index % 2 === 0 ? `content-length: ${8 * MIB}` : 'transfer-encoding: chunked'), 8 * MIB, { chunked: index % 2 === 1, cutAt: 4 * MIB })));
  let seen = 0;
  const watch = setInterval(() => void staged().then((now) => (seen = Math.max(seen, now - before))), 5);
  await cut;
  for (const late = Date.now() + 5000; (await staged()) !== before && Date.now() < late; ) await pause(50);
  clearInterval(watch);
  expect(await staged()).toBe(before);
  // The control: there was something to leave.
  expect(seen).toBeGreaterThan(0);
  expect((await world.postgres.query<{ status: string }>('SELECT DISTINCT status FROM job WHERE id = ANY($1::uuid[])', [ids])).map(({ status }) => status)).toEqual(['awaiting_input']);
});

const BOUNDARY = 'x'.repeat(20);
const field = (name: string, value: string) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
const form = (body: string | Buffer, headers: Record<string, string> = {}) =>
  ask(gateway, '/v1/convert?to=png&wait=1', { method: 'POST', headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}`, ...headers }, body: Buffer.isBuffer(body) ? new Uint8Array(body) : body });

test.each<[string, () => string]>([
  ['100,000 fields', () => Array.from({ length: 100_000 }, (_, index) => field(`f${index}`, 'v')).join('')],
  ['100,000 files', () => Array.from({ length: 100_000 }, (_, index) => `--${BOUNDARY}\r\ncontent-disposition: form-data; name="f${index}"; filename="a"\r\n\r\nv\r\n`).join('')],
  ['a name of 1 MB', () => field('n'.repeat(MIB), 'v')],
  ['a part whose head is 4 MB', () => `--${BOUNDARY}\r\nx-long: ${'h'.repeat(4 * MIB)}\r\n\r\nv\r\n`],
  ['no end', () => field('file', 'v')],
])('FI-26: a form with %s is refused at its first part', async (_name, body) => {
  const text = `${body()}--${BOUNDARY}--\r\n`;
  const grown = await growth(async () => {
    const said = await form(text);
    expect(said.status === 0 || (said.status >= 400 && said.status < 500)).toBe(true);
    expect(said.ms).toBeLessThan(5000);
  });
  expect(grown).toBeLessThan(RSS);
  expect((await ask(gateway, '/health/ready')).status).toBe(200);
});

const BOMB = Buffer.alloc(200 * MIB, ' ');

test.each([['gzip', () => gzipSync(BOMB)], ['br', () => brotliCompressSync(BOMB.subarray(0, 64 * MIB))]] as const)('FI-27: a body in %s is not undone, wherever it is sent', async (coding, packed) => {
  const bytes = new Uint8Array(packed());
  const id = await awaiting();
  const grown = await growth(async () => {
    const ways = [['/v1/jobs', 'POST', 'application/json'], [`/v1/jobs/${id}/inputs/file/content`, 'PUT', 'application/octet-stream'], ['/v1/convert?to=png', 'POST', `multipart/form-data; boundary=${BOUNDARY}`], ['/v1/callbacks/api2convert/none', 'POST', 'application/json']] as const;
    for (const [path, method, type] of ways) {
      const { status } = await ask(gateway, path, { method, headers: { 'content-type': type, 'content-encoding': coding }, body: bytes });
      expect([path, status >= 400 && status < 500]).toEqual([path, true]);
    }
  });
  expect(grown).toBeLessThan(16 * MIB);
});

test('FI-27: a vendor\'s answer of 200 kB that would unpack to 200 MB is capped, and another vendor does the job', async () => {
  // It alone works now, so that nobody else takes the job.
  await gateway.stop();
  const own = await world.gateway({ API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: double.baseUrl });
  const bomb = gzipSync(BOMB);
  let bombs = 0;
  double.behave({ intercept: ({ method, path }) => (method === 'POST' && path.endsWith('/jobs') ? ((bombs += 1), { status: 201, headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' }, body: bomb }) : undefined) });
  let end: View | null = null;
  const grown = await growth(async () => {
    const { id } = JSON.parse((await post(world.job({ routing: { prefer: ['api2convert'] } }), own)).text) as View;
    end = await world.caller.ended(id, 30_000);
  }, own);
  console.log(`memory grew by ${Math.round(grown / MIB)} MiB`);
  expect(grown).toBeLessThan(RSS);
  expect((end as View | null)?.attempts.map(({ provider, status }) => [provider, status])).toEqual([['api2convert', 'errored'], ['runconvert', 'succeeded']]);
  expect((end as View | null)?.attempts[0]?.error?.kind).toBe('malformed_response');
  expect(bombs).toBe(1);
  await own.stop();
});

test(`FI-29: ${IDLE} idle sockets, half heads and slow bodies hold up nobody, and late heads are cut after 10 s`, async () => {
  const { hostname, port } = new URL(gateway.url);
  const sockets: Socket[] = [];
  const open = (first: string) =>
    new Promise<Socket>((resolve) => {
      const socket = connect(Number(port), hostname, () => {
        if (first !== '') socket.write(first);
        resolve(socket);
      });
      socket.on('error', () => resolve(socket));
      sockets.push(socket);
    });
  const probe = async (): Promise<number> => {
    const took: number[] = [];
    for (let turn = 0; turn < 60; turn += 1) took.push((await ask(gateway, `/v1/jobs?limit=1`)).ms);
    return took.sort((one, other) => one - other)[Math.floor(took.length * 0.95)] as number;
  };
  const quiet = await probe();
  for (let batch = 0; batch < IDLE / 100; batch += 1) await Promise.all(Array.from({ length: 100 }, () => open('')));
  const began = Date.now();
  const heads = await Promise.all(Array.from({ length: 100 }, () => open('GET /v1/jobs HTTP/1.1\r\nhost: x\r\n')));
  const bodies = await Promise.all(Array.from({ length: 100 }, () => open(`POST /v1/jobs HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${gateway.key}\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n{`)));
  const piped = await open(`${'GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(2000)}`);
  piped.resume();
  // A byte a second, each.
  const drip = setInterval(() => [...heads.map((socket) => [socket, 'x'] as const), ...bodies.map((socket) => [socket, ' '] as const)].forEach(([socket, byte]) => void (socket.destroyed || socket.write(byte))), 1000);
  const closed: number[] = [];
  for (const socket of heads) socket.resume().once('close', () => closed.push(Date.now() - began));
  const busy = await probe();
  console.log(`95 of 100 reads within ${quiet} ms, and within ${busy} ms beside ${sockets.length} sockets`);
  for (const late = began + 20_000; closed.length < heads.length && Date.now() < late; ) await pause(100);
  clearInterval(drip);
  for (const socket of sockets) socket.destroy();
  console.log(`late heads were cut after ${Math.min(...closed)} to ${Math.max(...closed)} ms`);
  expect(busy).toBeLessThan(Math.max(1.5 * quiet, quiet + 150));
  expect(closed).toHaveLength(heads.length);
  expect(Math.min(...closed)).toBeGreaterThan(8000);
  expect(Math.max(...closed)).toBeLessThan(16_000);
  expect((await ask(gateway, '/health/ready')).status).toBe(200);
});

test('after all of it nothing is broken', async () => {
  await world.settled();
  expect(await world.audit()).toEqual([]);
  expect([gateway.process.exitCode, (await world.caller.ended((await world.caller.send(world.job())).id)).status]).toEqual([null, 'completed']);
});

