import { readdir, readFile } from 'node:fs/promises';
import type { Gateway } from '../support/gateway.ts';
import type { View } from './support/caller.ts';
import { ask, askPatiently } from './support/stream.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
let gateway: Gateway;

beforeAll(async () => {
  world = await openWorld();
  gateway = await world.gateway();
});

afterAll(() => world.close());

const post = (body: object) => askPatiently(gateway, '/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

const NAMES: readonly (readonly [string, string])[] = [
  ['a path', '../../../../etc/passwd.jpg'], ['an absolute one', '/etc/cron.d/x.jpg'], ['a drive', 'C:\\Windows\\x.jpg'], ['NUL', 'a\u0000.jpg'], ['a turn of direction', 'a\u202egpj.exe.jpg'],
  ['4 kB', `${'ü'.repeat(2000)}.jpg`], ['a header', 'a"\r\nSet-Cookie: a=b\r\n.jpg'], ['a device', 'CON.jpg'], ['dots', '...jpg'], ['quotes', `a"';drop\\.jpg`], ['an emoji', '🙂.jpg'],
];

test.each(NAMES)('FI-28: a file whose name is %s is a name, never a path, and harmless in a header', async (_what, filename) => {
  const before = new Set(await readdir(world.staging));
  const made = await post({ inputs: [{ id: 'file', type: 'upload', filename }], steps: [{ id: 'made', operation: 'convert', to: 'png' }], routing: { only: ['runconvert'] } });
  if (made.status === 422) return expect(JSON.parse(made.text)).toMatchObject({ errors: [{ pointer: '/inputs/0/filename' }] });
  const { id } = JSON.parse(made.text) as View;
  world.caller.accepted.push({ id, idempotencyKey: null });
  const photo = await readFile(new URL('../samples/lighthouse.jpg', import.meta.url));
  expect((await ask(gateway, `/v1/jobs/${id}/inputs/file/content`, { method: 'PUT', headers: { 'content-type': 'application/octet-stream' }, body: new Uint8Array(photo) })).status).toBe(200);
  const end = await world.caller.ended(id);
  expect(end.status).toBe('completed');
  const rows = await world.postgres.query<{ path: string; filename: string }>('SELECT path, filename FROM file WHERE job_id = $1', [id]);
  for (const { path, filename: kept } of rows) {
    expect(path).toMatch(/^[0-9a-f]{2}\/[0-9a-f-]{36}$/);
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(255);
    expect(kept).not.toMatch(/[/\\\p{Cc}\p{Cf}]|^\.+$|^con\./iu);
  }
  expect([...(await readdir(world.staging))].filter((name) => !before.has(name) && !/^[0-9a-f]{2}$/.test(name))).toEqual([]);
  const answer = await gateway.call(new URL(end.outputs[0]?.url ?? '', gateway.url).pathname);
  const disposition = answer.headers.get('content-disposition') ?? '';
  expect([answer.status, answer.headers.get('set-cookie'), /^attachment; filename="?[^"]*"?(; filename\*=UTF-8''[\w%.!~*'()-]+)?$/.test(disposition) ? '' : disposition]).toEqual([200, null, '']);
  await answer.arrayBuffer();
});

test('after all of it nothing is broken', async () => {
  await world.settled();
  expect(await world.audit()).toEqual([]);
});
