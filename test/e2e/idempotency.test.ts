import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { problemOf, sample, until, type JobView } from './support/rest.js';
import { startVendors } from './support/vendors.js';

let vendors: Awaited<ReturnType<typeof startVendors>>;
let database: TestDatabase;
let files: string;
let replicas: readonly [Gateway, Gateway];
let mortal: Gateway | null = null;

const start = (): Promise<Gateway> => startGateway({ DATABASE_URL: database.url, STAGING_URL: `file://${files}`, POLL_FLOOR_MS: '50', ...vendors.environment });

beforeAll(async () => {
  [vendors, database, files] = await Promise.all([startVendors(), testDatabase(), mkdtemp(join(tmpdir(), 'gateway-files-'))]);
  replicas = await Promise.all([start(), start()]);
});

afterAll(async () => {
  // Answers were left unread here: a proper stop would wait for their readers.
  await Promise.all([...replicas.map((gateway) => gateway.kill()), mortal?.kill()]);
  await vendors.stop();
  await database.drop();
  await rm(files, { recursive: true, force: true });
});

const uploadJob = (tag: string) => ({ inputs: [{ type: 'upload', filename: 'a.jpg' }], steps: [{ operation: 'convert', to: 'png' }], tag });
const post = (gateway: Gateway, body: object, key: string, headers: Record<string, string> = {}) =>
  gateway.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': key, ...headers }, body: JSON.stringify(body) });
const tagged = async (tag: string) => ((await (await replicas[0].call(`/v1/jobs?tag=${tag}`)).json()) as { data: JobView[] }).data;
const replayed = (answer: Response) => answer.headers.get('idempotency-replayed');

async function convert(gateway: Gateway, key: string, file: Buffer, query = 'to=png', filename = 'lighthouse.jpg'): Promise<Response> {
  const form = new FormData();
  form.set('file', new Blob([new Uint8Array(file)]), filename);
  return gateway.call(`/v1/convert?${query}`, { method: 'POST', headers: { 'idempotency-key': key }, body: form });
}

const location = (answer: Response) => answer.headers.get('location');

it('twenty at once on two replicas: one job; every answer is that job, once new and else replayed', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => post(replicas[index % 2 as 0 | 1], uploadJob('twenty'), 'twenty')));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
  expect(answers.filter((answer) => replayed(answer) === null)).toHaveLength(1);
  expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1);
  expect(await tagged('twenty')).toHaveLength(1);
});

it('the stored answer comes again, byte for byte, whatever became of the job; quoted or with its fields in another order', async () => {
  const first = await post(replicas[0], uploadJob('again'), 'again');
  const body = await first.text();
  const { id } = JSON.parse(body) as JobView;
  expect((await replicas[0].call(`/v1/jobs/${id}/cancel`, { method: 'POST' })).status).toBe(202);
  const shuffled = Object.fromEntries(Object.entries(uploadJob('again')).reverse());
  for (const again of [await post(replicas[1], uploadJob('again'), 'again'), await post(replicas[0], shuffled, '"again"'), await post(replicas[1], uploadJob('again'), 'again', { prefer: 'wait=5' })]) {
    expect([again.status, replayed(again), location(again), again.headers.get('content-type'), await again.text()]).toEqual([202, 'true', location(first), first.headers.get('content-type'), body]);
  }
});

it('another body with the key is a mismatch, a key that is none is refused, and neither makes a job', async () => {
  await post(replicas[0], uploadJob('mine'), 'mine');
  expect(await problemOf(await post(replicas[1], uploadJob('other'), 'mine'))).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
  expect(await problemOf(await convert(replicas[1], 'mine', await sample('lighthouse.jpg')))).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
  expect(await problemOf(await post(replicas[1], uploadJob('other'), 'a, b'))).toMatchObject({ status: 422, code: 'invalid_request' });
  expect(await tagged('other')).toEqual([]);
});

it('a request that was refused may be mended under its key', async () => {
  expect((await post(replicas[0], { ...uploadJob('mended'), steps: [] }, 'mended')).status).toBe(422);
  expect(await post(replicas[0], uploadJob('mended'), 'mended').then((answer) => [answer.status, replayed(answer)])).toEqual([202, null]);
});

it('/v1/convert gives the file again without converting again; another file or query is a mismatch', async () => {
  const photo = await sample('lighthouse.jpg');
  const first = await convert(replicas[0], 'photo', photo);
  const bytes = Buffer.from(await first.arrayBuffer());
  const again = await convert(replicas[1], 'photo', photo);
  expect([again.status, replayed(again), location(again), again.headers.get('content-disposition')]).toEqual([200, 'true', location(first), first.headers.get('content-disposition')]);
  expect(Buffer.from(await again.arrayBuffer()).equals(bytes)).toBe(true);
  for (const other of [await convert(replicas[0], 'photo', await sample('harbour.jpg')), await convert(replicas[0], 'photo', photo, 'to=webp'), await convert(replicas[0], 'photo', photo, 'to=png', 'other.jpg')]) {
    expect(await problemOf(other)).toMatchObject({ status: 422, code: 'idempotency_mismatch' });
  }
  // A control: another key converts.
  expect(location(await convert(replicas[0], 'photo-2', photo))).not.toBe(location(first));
});

it('/v1/convert is in progress while it waits, and then its 202 comes again', async () => {
  const photo = await sample('lighthouse.jpg');
  const first = convert(replicas[0], 'slow', photo, 'to=png&wait=2', 'sandbox-hang.jpg');
  const refused = await until('a refusal', async () => {
    const [row] = await database.query<{ id: string }>(`SELECT job_id AS id FROM idempotency_key WHERE key = 'slow'`);
    return row === undefined ? null : convert(replicas[1], 'slow', photo, 'to=png&wait=2', 'sandbox-hang.jpg');
  });
  expect(refused.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(await problemOf(refused)).toMatchObject({ status: 409, code: 'idempotency_in_progress' });
  expect((await first).status).toBe(202);
  const again = await convert(replicas[1], 'slow', photo, 'to=png&wait=2', 'sandbox-hang.jpg');
  expect([again.status, replayed(again), await again.text()]).toEqual([202, 'true', await (await first).text()]);
});

it('a job that failed by its own file fails the same way again', async () => {
  const broken = Buffer.from('this is no picture at all');
  const first = await convert(replicas[0], 'broken', broken);
  const { code } = await problemOf(first);
  const again = await convert(replicas[1], 'broken', broken);
  expect([first.status, replayed(again), location(again)]).toEqual([422, 'true', location(first)]);
  expect(await problemOf(again)).toMatchObject({ status: 422, code });
});

it('an upload that broke off is taken up by the repeat, in the same job', async () => {
  const photo = await sample('lighthouse.jpg');
  const boundary = randomUUID();
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="lighthouse.jpg"\r\n\r\n`;
  const headers = { authorization: `Bearer ${replicas[0].key}`, 'idempotency-key': 'halves', 'content-type': `multipart/form-data; boundary=${boundary}`, 'content-length': photo.length + 1000 };
  const broken = request(`${replicas[0].url}/v1/convert?to=png`, { method: 'POST', headers });
  broken.on('error', () => undefined);
  broken.write(head);
  broken.write(photo.subarray(0, 1000));
  const made = await until('the job', async () => (await database.query<{ id: string }>(`SELECT job_id AS id FROM idempotency_key WHERE key = 'halves'`))[0] ?? null);
  broken.destroy();
  const again = await until('its end', async () => {
    const answer = await convert(replicas[1], 'halves', photo);
    return answer.status === 409 ? null : answer;
  });
  expect([again.status, location(again)]).toEqual([200, `/v1/jobs/${made.id}`]);
});

it('kill -9 between the job\'s insert and the answer: the repeat, at another replica, has the same job', async () => {
  mortal = await start();
  const key = randomUUID();
  void post(mortal, { ...uploadJob('killed') }, key, { prefer: 'wait=60' }).catch(() => undefined);
  await until('the job', async () => ((await tagged('killed')).length === 1 ? true : null));
  await mortal.kill();
  mortal = null;
  expect((await post(replicas[0], uploadJob('killed'), key, { prefer: 'wait=1' })).status).toBe(409);
  // As if the seconds for which it is still believed to live had gone by.
  await database.query('UPDATE idempotency_key SET held_until = now() - make_interval(secs => 1) WHERE key = $1', [key]);
  const again = await until('the answer', async () => {
    const answer = await post(replicas[0], uploadJob('killed'), key, { prefer: 'wait=1' });
    return answer.status === 409 ? null : answer;
  });
  expect([again.status, ((await again.json()) as JobView).id, replayed(again)]).toEqual([202, (await tagged('killed'))[0]?.id, 'true']);
  expect(await tagged('killed')).toHaveLength(1);
});

it('a caller who went away and comes again is answered, and the job is one', async () => {
  const key = randomUUID();
  const body = uploadJob('gone');
  const abort = new AbortController();
  const first = replicas[0].call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json', 'idempotency-key': key, prefer: 'wait=60' }, body: JSON.stringify(body), signal: abort.signal });
  await until('the job', async () => ((await tagged('gone')).length === 1 ? true : null));
  abort.abort();
  await expect(first).rejects.toThrow();
  const again = await until('the answer', async () => {
    const answer = await post(replicas[1], body, key);
    return answer.status === 409 ? null : answer;
  });
  const { id } = (await again.json()) as JobView;
  expect([again.status, (await tagged('gone')).map((job) => job.id)]).toEqual([202, [id]]);
});
