import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { eventsOf, jobOf, problemOf, running, send, sendFile, until, upload, uploadJob, sample } from './support/rest.js';
import { startVendors } from './support/vendors.js';

let vendors: Awaited<ReturnType<typeof startVendors>>;
let database: TestDatabase;
let files: string;
/** The first answers and does not work; what it streams, the worker makes happen. */
let api: Gateway;
let worker: Gateway;

const start = (role: string): Promise<Gateway> => startGateway({ ROLE: role, DATABASE_URL: database.url, STAGING_URL: `file://${files}`, POLL_FLOOR_MS: '50', ...vendors.environment });

beforeAll(async () => {
  [vendors, database, files] = await Promise.all([startVendors(), testDatabase(), mkdtemp(join(tmpdir(), 'gateway-files-'))]);
  [api, worker] = await Promise.all([start('api'), start('all')]);
});

afterAll(async () => {
  await Promise.all([api.stop(), worker.stop()]);
  await vendors.stop();
  await database.drop();
  await rm(files, { recursive: true, force: true });
});

interface Frame {
  readonly id: number;
  readonly event: string;
  readonly data: { readonly sequence: number; readonly type: string };
}

const ask = (gateway: Gateway, id: string, headers: Record<string, string> = {}, init: RequestInit = {}) => gateway.call(`/v1/jobs/${id}/events`, { ...init, headers: { accept: 'text/event-stream', ...headers } });

/** The frames of a stream as they come; ends when it ends. */
async function* framesOf(answer: Response): AsyncGenerator<Frame> {
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/event-stream']);
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(text.slice(0, end).split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
      text = text.slice(end + 2);
      if (fields.has('id')) yield { id: Number(fields.get('id')), event: fields.get('event') ?? '', data: JSON.parse(fields.get('data') ?? '') as Frame['data'] };
    }
  }
}

async function wholeOf(answer: Response): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of framesOf(answer)) frames.push(frame);
  return frames;
}

const cancel = (id: string) => api.call(`/v1/jobs/${id}/cancel`, { method: 'POST' });

it('fifty listeners at one replica hear the whole timeline that another one makes, and their streams end by themselves', async () => {
  const { id } = await send(api, uploadJob('lighthouse.jpg', 'webp'));
  const streams = await Promise.all(Array.from({ length: 50 }, () => ask(api, id)));
  const heard = Promise.all(streams.map(wholeOf));
  await upload(api, id, 'file', await sample('lighthouse.jpg'));
  const all = await heard;
  const listed = await eventsOf(api, id);
  expect(listed.at(-1)?.type).toBe('job.completed');
  for (const frames of all) {
    expect(frames.map(({ data }) => data)).toEqual(listed);
    expect(frames.map((frame) => [frame.id, frame.event])).toEqual(listed.map(({ sequence, type }) => [sequence, type]));
  }
  expect((await jobOf(api, id)).status).toBe('completed');
});

it('a reader that was cut off goes on behind the last event it saw, at any replica, without gap or double', async () => {
  const { id } = await sendFile(api, uploadJob('sandbox-hang.jpg', 'png'));
  const seen: number[] = [];
  const cut = new AbortController();
  const first = await ask(api, id, {}, { signal: cut.signal });
  for await (const frame of framesOf(first)) {
    seen.push(frame.id);
    if (seen.length === 3) break;
  }
  cut.abort();
  await running(api, id);
  const second = ask(worker, id, { 'last-event-id': '3' }).then(async (answer) => {
    for await (const frame of framesOf(answer)) seen.push(frame.id);
  });
  await until('the stream', async () => (seen.length > 4 ? true : null));
  expect((await cancel(id)).status).toBe(202);
  await second;
  const listed = await eventsOf(api, id);
  expect(seen).toEqual(listed.map(({ sequence }) => sequence));
  // Behind the last event there is nothing to come back for.
  const last = String(listed.length);
  expect((await ask(api, id, { 'last-event-id': last })).status).toBe(204);
  expect((await wholeOf(await ask(api, id, { 'last-event-id': String(listed.length - 1) }))).map((frame) => frame.event)).toEqual(['job.canceled']);
  expect(await wholeOf(await ask(api, id))).toHaveLength(listed.length);
});

it('nonsense is refused, and what belongs to nobody is not found', async () => {
  const { id } = await send(api, uploadJob('a.jpg', 'png'));
  for (const said of ['-1', 'abc', '1.5', '999']) expect(await problemOf(await ask(api, id, { 'last-event-id': said }))).toMatchObject({ status: 422, code: 'invalid_request' });
  expect(await problemOf(await api.call(`/v1/jobs/${id}/events?limit=2`, { headers: { accept: 'text/event-stream' } }))).toMatchObject({ status: 422, code: 'invalid_request' });
  expect(await problemOf(await ask(api, '01900000-0000-7000-8000-000000000000'))).toMatchObject({ status: 404 });
  expect(await problemOf(await fetch(`${api.url}/v1/jobs/${id}/events`, { headers: { accept: 'text/event-stream' } }))).toMatchObject({ status: 401 });
});

it('who asks for JSON, or for anything, gets the list; HEAD gets the headers alone', async () => {
  const { id } = await send(api, uploadJob('a.jpg', 'png'));
  for (const accept of ['application/json', '*/*', 'application/json, text/event-stream;q=0.5']) {
    const answer = await ask(api, id, { accept });
    expect([answer.status, answer.headers.get('content-type'), answer.headers.get('vary')]).toEqual([200, 'application/json; charset=utf-8', 'accept']);
    expect(((await answer.json()) as { data: unknown[] }).data).toHaveLength(2);
  }
  const head = await ask(api, id, {}, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-type'), head.headers.get('cache-control'), await head.text()]).toEqual([200, 'text/event-stream', 'no-store', '']);
});

it('pages follow each other through the whole list', async () => {
  const { id } = await send(api, uploadJob('a.jpg', 'png'));
  expect((await cancel(id)).status).toBe(202);
  const pages: number[][] = [];
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page = (await (await api.call(`/v1/jobs/${id}/events?limit=1${cursor === '' ? '' : `&cursor=${cursor}`}`)).json()) as { data: { sequence: number }[]; nextCursor: string | null };
    pages.push(page.data.map(({ sequence }) => sequence));
    cursor = page.nextCursor;
  }
  expect(pages).toEqual([[1], [2], [3]]);
});

it('SIGTERM ends streams properly, and their readers go on elsewhere', async () => {
  const leaving = await start('api');
  const { id } = await send(api, uploadJob('a.jpg', 'png'));
  const frames = framesOf(await ask(leaving, id));
  expect((await frames.next()).value).toMatchObject({ id: 1 });
  const rest = (async () => {
    const ids: number[] = [];
    for await (const frame of frames) ids.push(frame.id);
    return ids;
  })();
  expect(await leaving.stop()).toBe(0);
  // A stream that is cut instead would make its reader throw here.
  expect(await rest).toEqual([2]);
  const goes = wholeOf(await ask(api, id, { 'last-event-id': '2' }));
  await cancel(id);
  expect((await goes).map(({ event }) => event)).toEqual(['job.canceled']);
});
