import { buffer } from 'node:stream/consumers';
import pg from 'pg';
import { engineRoom, until, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert', 'merge', 'thumbnail'], false)]);
});

afterAll(() => room.close());

async function listening(): Promise<{ readonly heard: string[]; close(): Promise<void> }> {
  const client = new pg.Client({ connectionString: room.test.url });
  const heard: string[] = [];
  client.on('notification', ({ channel }) => heard.push(channel));
  await client.connect();
  await client.query('LISTEN conversion_due');
  return { heard, close: () => client.end() };
}

const GRAPH = {
  inputs: [{ id: 'a', type: 'url', url: 'https://example.com/a.pdf' }, { id: 'b', type: 'base64', data: 'aGVsbG8=', filename: 'b.pdf' }],
  steps: [{ id: 'whole', operation: 'merge', to: 'pdf' }, { id: 'cover', operation: 'thumbnail', to: 'png' }],
  tag: 'invoice-42',
  metadata: { order: '42' },
};

const rows = (text: string, id: string) => room.test.query<Record<string, unknown>>(text, [id]);

it('one statement writes all that belongs to a job, in one commit, and tells the workers', async () => {
  const listener = await listening();
  const job = await room.accept(GRAPH);
  expect(await rows('SELECT tenant, status, tag, last_sequence, retention_seconds, queued_at IS NOT NULL AS queued FROM job WHERE id = $1', job.id)).toEqual([
    { tenant: 'default', status: 'queued', tag: 'invoice-42', last_sequence: 3, retention_seconds: 86_400, queued: true },
  ]);
  expect(await rows(`SELECT i.id, i.position, i.type, i.status, f.size::int AS size, f.role FROM job_input i LEFT JOIN file f ON f.id = i.file_id WHERE i.job_id = $1 ORDER BY position`, job.id)).toEqual([
    { id: 'a', position: 0, type: 'url', status: 'ready', size: null, role: null },
    { id: 'b', position: 1, type: 'base64', status: 'ready', size: 5, role: 'upload' },
  ]);
  expect(await rows('SELECT id, position, operation, status FROM job_step WHERE job_id = $1 ORDER BY position', job.id)).toEqual([
    { id: 'whole', position: 0, operation: 'merge', status: 'pending' },
    { id: 'cover', position: 1, operation: 'thumbnail', status: 'pending' },
  ]);
  expect(await rows('SELECT provider, step_ids, needs, status, due_at IS NOT NULL AS due FROM stage WHERE job_id = $1 ORDER BY position', job.id)).toEqual([
    { provider: 'one', step_ids: ['whole'], needs: [], status: 'active', due: true },
    { provider: 'one', step_ids: ['cover'], needs: ['whole'], status: 'waiting', due: false },
  ]);
  expect(await rows('SELECT sequence, type, cause FROM event WHERE job_id = $1 ORDER BY sequence', job.id)).toEqual([
    { sequence: 1, type: 'job.created', cause: 'caller' },
    { sequence: 2, type: 'plan.decided', cause: 'caller' },
    { sequence: 3, type: 'job.queued', cause: 'caller' },
  ]);
  expect(await rows(`SELECT number, record->>'winner' AS winner FROM route_decision WHERE job_id = $1`, job.id)).toEqual([{ number: 1, winner: 'one' }]);
  const written = await rows(`SELECT xmin FROM job WHERE id = $1 UNION SELECT xmin FROM job_input WHERE job_id = $1 UNION SELECT xmin FROM job_step WHERE job_id = $1
    UNION SELECT xmin FROM stage WHERE job_id = $1 UNION SELECT xmin FROM route_decision WHERE job_id = $1 UNION SELECT xmin FROM event WHERE job_id = $1 UNION SELECT xmin FROM file WHERE job_id = $1`, job.id);
  expect(written).toHaveLength(1);
  await until(() => listener.heard.length > 0);
  await listener.close();
});

it('what is answered is what is read back', async () => {
  const job = await room.accept(GRAPH);
  const { files, ...read } = await room.find(job.id);
  const { files: _, inputs, steps, ...answered } = job;
  expect(read).toMatchObject(answered);
  expect(read.inputs).toMatchObject(inputs.map(({ id, type, status, file_id }) => ({ id, type, status, file_id })));
  expect(read.steps).toMatchObject(steps.map(({ id, operation, status, provider }) => ({ id, operation, status, provider })));
  expect(files.filter(({ role }) => role === 'result')).toEqual([]);
});

it('the bytes of an inline input are kept as a file, not in the job', async () => {
  const job = await room.accept(GRAPH);
  const [row] = await rows('SELECT graph::text AS graph FROM job WHERE id = $1', job.id);
  expect(row?.['graph']).not.toContain('aGVsbG8');
  expect(JSON.stringify(job)).not.toContain('aGVsbG8');
});

it('a job that awaits uploads is not due, and tells nobody', async () => {
  const listener = await listening();
  const job = await room.accept({ inputs: [{ id: 'a', type: 'upload' }] });
  expect(job).toMatchObject({ status: 'awaiting_input', queued_at: null });
  expect(await rows('SELECT status, due_at FROM stage WHERE job_id = $1', job.id)).toEqual([{ status: 'waiting', due_at: null }]);
  const [deadline] = await rows('SELECT extract(epoch FROM deadline_at - created_at)::int AS seconds FROM job WHERE id = $1', job.id);
  expect(deadline).toEqual({ seconds: 86_400 });
  expect(await room.events(job.id)).toEqual(['job.created', 'plan.decided']);
  // A control: the listener hears the next job, and heard nothing before it.
  await room.accept({});
  await until(() => listener.heard.length > 0);
  expect(listener.heard).toHaveLength(1);
  await listener.close();
});

it('what nobody can run is refused, and leaves no row', async () => {
  const count = async () => (await room.test.query<{ count: string }>('SELECT count(*) FROM job'))[0]?.count;
  const before = await count();
  await expect(room.accept({ steps: [{ operation: 'watermark', text: 'x' }] })).rejects.toMatchObject({ code: 'unsupported_conversion', status: 422 });
  await expect(room.accept({ routing: { exclude: ['one'] } })).rejects.toMatchObject({ code: 'no_eligible_provider', status: 422 });
  expect(await count()).toBe(before);
});

it('a job that is refused, or cannot be written, leaves no staged file behind', async () => {
  const bytes = { inputs: [{ id: 'a', type: 'base64', data: 'aGVsbG8=' }] };
  const staged = room.staging.write.bind(room.staging);
  const paths: string[] = [];
  room.staging.write = async (...input) => {
    const file = await staged(...input);
    paths.push(file.path);
    return file;
  };
  // No database text can hold a NUL, so this one cannot be written.
  await expect(room.accepts.accept('no\u0000tenant', { ...bytes, steps: [{ operation: 'convert', to: 'png' }] })).rejects.toThrow();
  room.staging.write = staged;
  expect(paths).toHaveLength(1);
  await expect(buffer(room.staging.open(paths[0] ?? ''))).rejects.toMatchObject({ code: 'ENOENT' });
});
