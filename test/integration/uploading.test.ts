import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { UploadService } from '../../src/jobs/upload.service.js';
import { readEnv } from '../../src/platform/env.js';
import { engineRoom, TENANT, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;
let uploads: UploadService;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert', 'merge'])]);
  const env = readEnv({ DATABASE_URL: room.test.url, ADMIN_API_KEY: 'test-admin-key-0123456789', SECRETS_KEY: Buffer.alloc(32).toString('base64'), MAX_UPLOAD_BYTES: '1000' });
  uploads = new UploadService(room.database, room.jobs, room.staging, env);
});

beforeEach(() => room.empty());

afterAll(() => room.close());

const put = (jobId: string, inputId: string, text: string, tenant = TENANT) => uploads.receive(tenant, jobId, inputId, Readable.from([Buffer.from(text)]), null);
const staged = () => room.test.query<{ path: string; size: number }>('SELECT path, size::int FROM file ORDER BY id');
const two = () => room.accept({ inputs: [{ id: 'a', type: 'upload', filename: 'a.pdf' }, { id: 'b', type: 'upload', filename: 'b.pdf' }], steps: [{ operation: 'merge', to: 'pdf' }] });

it('the job is queued when the last upload is in, and its deadline counts from then', async () => {
  const job = await two();
  expect((await put(job.id, 'a', 'one')).status).toBe('awaiting_input');
  expect(await room.claim()).toEqual([]);
  const queued = await put(job.id, 'b', 'two');
  expect(queued).toMatchObject({ status: 'queued', inputs: [{ status: 'ready' }, { status: 'ready' }] });
  const [deadline] = await room.test.query<{ seconds: number }>('SELECT extract(epoch FROM deadline_at - queued_at)::int AS seconds FROM job WHERE id = $1', [job.id]);
  expect(deadline?.seconds).toBe(3600);
  expect(await room.claim()).toHaveLength(1);
  expect(await room.events(job.id)).toEqual(['job.created', 'plan.decided', 'input.received', 'input.received', 'job.queued']);
});

it('the two last uploads at once queue the job exactly once', async () => {
  for (let round = 0; round < 10; round += 1) {
    const job = await two();
    const answers = await Promise.all([put(job.id, 'a', 'one'), put(job.id, 'b', 'two')]);
    expect(answers.map(({ status }) => status)).toContain('queued');
    expect((await room.events(job.id)).filter((type) => type === 'job.queued')).toHaveLength(1);
    expect((await room.find(job.id)).status).toBe('queued');
    expect(await room.claim()).toHaveLength(1);
  }
});

it('until then an upload replaces the one before it, and the old bytes go', async () => {
  const job = await two();
  await put(job.id, 'a', 'first');
  const [old] = await staged();
  await put(job.id, 'a', 'second!');
  const files = await staged();
  expect(files).toMatchObject([{ size: 7 }]);
  await expect(buffer(room.staging.open(old?.path ?? ''))).rejects.toMatchObject({ code: 'ENOENT' });
  expect((await buffer(room.staging.open(files[0]?.path ?? ''))).toString()).toBe('second!');
});

it('a size that was announced is kept to: what is shorter or longer is not taken', async () => {
  const job = await room.accept({ inputs: [{ id: 'a', type: 'upload', filename: 'a.pdf', size: 3 }], steps: [{ operation: 'convert', to: 'png' }] });
  await expect(put(job.id, 'a', 'four')).rejects.toMatchObject({ code: 'invalid_request', detail: expect.stringContaining('announced 3 bytes') as string });
  expect(await staged()).toEqual([]);
  expect((await put(job.id, 'a', 'ink')).status).toBe('queued');
});

it('the same upload ten times at once leaves one file', async () => {
  const job = await two();
  await Promise.all(Array.from({ length: 10 }, (_, index) => put(job.id, 'a', `copy ${index}`)));
  const files = await staged();
  expect(files).toHaveLength(1);
  expect((await buffer(room.staging.open(files[0]?.path ?? ''))).toString()).toMatch(/^copy \d$/);
});

it.each<[string, (jobId: string) => Promise<unknown>, object]>([
  ['another tenant\'s job', (id) => put(id, 'a', 'x', 'other'), { code: 'not_found' }],
  ['an input that is not there', (id) => put(id, 'c', 'x'), { code: 'not_found' }],
  ['an empty body', (id) => put(id, 'a', ''), { code: 'invalid_request' }],
  ['a body that is announced too large', (id) => uploads.receive(TENANT, id, 'a', Readable.from([]), 1001), { code: 'payload_too_large', status: 413 }],
  ['a body that turns out too large', (id) => put(id, 'a', 'x'.repeat(1001)), { code: 'payload_too_large', status: 413 }],
  ['a body that breaks off', (id) => uploads.receive(TENANT, id, 'a', broken(), null), { code: 'invalid_request' }],
])('%s is refused, and leaves nothing', async (_, send, problem) => {
  const job = await two();
  await expect(send(job.id)).rejects.toMatchObject(problem);
  expect(await staged()).toEqual([]);
  expect((await room.find(job.id)).status).toBe('awaiting_input');
  // A control: the job still takes its upload.
  await put(job.id, 'a', 'x'.repeat(1000));
  expect(await staged()).toMatchObject([{ size: 1000 }]);
});

it('once queued, or canceled while the bytes came, an upload is refused and leaves nothing', async () => {
  const job = await room.accept({ inputs: [{ id: 'a', type: 'upload' }] });
  const body = new Readable({ read() {} });
  body.push('half');
  const sending = uploads.receive(TENANT, job.id, 'a', body, null);
  await room.cancels.cancel(TENANT, job.id);
  body.push(null);
  await expect(sending).rejects.toMatchObject({ code: 'conflict', status: 409 });
  await expect(put(job.id, 'a', 'x')).rejects.toMatchObject({ code: 'conflict' });
  expect(await staged()).toEqual([]);
});

function broken(): Readable {
  return Readable.from(
    (async function* () {
      yield Buffer.from('half');
      throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
    })(),
  );
}
