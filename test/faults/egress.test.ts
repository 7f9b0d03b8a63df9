import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { lookup } from 'node:dns/promises';
import { hostname, networkInterfaces } from 'node:os';
import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.ts';
import type { Gateway } from '../support/gateway.ts';
import { askPatiently, pause } from './support/stream.ts';
import { openWorld, type World } from './support/world.ts';

let world: World;
let double: Api2convertDouble;
let gateway: Gateway;
let sentinel: Server;
let port: number;
const touched: string[] = [];

beforeAll(async () => {
  sentinel = createServer((socket) => {
    touched.push(`${socket.localAddress}`);
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
  });
  // On every address of this machine, as far as it has IPv6.
  await new Promise<void>((resolve, reject) => sentinel.once('error', () => sentinel.listen(0, '0.0.0.0', resolve)).once('close', reject).listen(0, '::', resolve));
  port = (sentinel.address() as AddressInfo).port;
  [world, double] = await Promise.all([openWorld({ variables: { EGRESS_ALLOW: '' } }), api2convertDouble()]);
  gateway = await world.gateway({ API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: double.baseUrl });
});

beforeEach(() => void (touched.length = 0));

afterAll(async () => {
  await Promise.all([world.close(), double.close()]);
  sentinel.close();
});

const own = Object.values(networkInterfaces()).flatMap((all) => all ?? []).filter(({ scopeid }) => scopeid === undefined || scopeid === 0).map(({ address, family }) => (family === 'IPv6' ? `[${address}]` : address));
const HOSTS = [...new Set(['127.0.0.1', '127.1', '2130706433', '0x7f.0.0.1', '0.0.0.0', 'localhost', 'localhost.', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', ...own])];
const post = (body: object, at = gateway) => askPatiently(at, '/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const PNG = [{ id: 'made', operation: 'convert', to: 'png' }];
const fetched = (url: string) => ({ inputs: [{ id: 'file', type: 'url', url, fetch: 'gateway' }], steps: PNG });

test.each(HOSTS)('I6: what is at %s is reached by no address that a caller may give', async (host) => {
  const url = `http://${host}:${port}/file.jpg`;
  const bodies = [fetched(url), { ...fetched('https://files.example.com/a.jpg'), inputs: [{ id: 'file', type: 'url', url }] }, world.job({ webhook: { url } }), { inputs: [], steps: [{ operation: 'capture', url, to: 'png' }] }];
  for (const body of bodies) expect([(await post(body)).status, JSON.stringify(body)]).toEqual([422, JSON.stringify(body)]);
  expect(touched).toEqual([]);
});

test('I6: a name that resolves to a private address is refused when it is connected to', async () => {
  const name = await lookup(hostname()).then(() => hostname(), () => 'localhost.localdomain');
  const { status, text } = await post(fetched(`http://${name}:${port}/file.jpg`));
  if (status === 202) {
    const { id } = JSON.parse(text) as { id: string };
    expect(await world.caller.ended(id)).toMatchObject({ status: 'failed', error: { code: 'source_unreachable' } });
  } else expect(status).toBe(422);
  const told = await post(world.job({ webhook: { url: `http://${name}:${port}/hook` }, routing: { only: ['runconvert'] } }));
  await pause(2000);
  expect([[202, 422].includes(told.status), touched]).toEqual([true, []]);
  await world.postgres.query(`DELETE FROM job`);
});

test('I6: a vendor\'s result at a private address is not fetched, nor one that a redirect of the vendor leads to', async () => {
  const at = `http://127.0.0.1:${port}/result.png`;
  const outputs = [{ output: (said: Record<string, unknown>) => ({ ...said, uri: at }) }, { download: () => ({ status: 302, headers: { location: at } }) }];
  for (const script of outputs) {
    double.behave(script);
    const { text } = await post({ inputs: [{ id: 'file', type: 'url', url: 'https://files.example.com/lighthouse.jpg' }], steps: PNG, routing: { only: ['api2convert'], maxAttempts: 1 } });
    const { id } = JSON.parse(text) as { id: string };
    expect((await world.caller.ended(id, 60_000)).status).toBe('failed');
  }
  expect(touched).toEqual([]);
  // The control: the very same result is fetched from where the vendor is.
  double.behave();
  const { text } = await post({ inputs: [{ id: 'file', type: 'url', url: 'https://files.example.com/lighthouse.jpg' }], steps: PNG, routing: { only: ['api2convert'], maxAttempts: 1 } });
  expect((await world.caller.ended((JSON.parse(text) as { id: string }).id)).status).toBe('completed');
});

test('the control: where EGRESS_ALLOW names it, the sentinel is reached', async () => {
  // It alone works now, so that nobody else takes the job and refuses it.
  await gateway.stop();
  const open = await world.gateway({ EGRESS_ALLOW: '127.0.0.0/8' });
  const { status, text } = await post({ ...fetched(`http://127.0.0.1:${port}/file.jpg`), routing: { only: ['runconvert'] } }, open);
  expect(status).toBe(202);
  for (const late = Date.now() + 10_000; touched.length === 0 && Date.now() < late; ) await pause(50);
  expect(touched.length).toBeGreaterThan(0);
  await open.call(`/v1/jobs/${(JSON.parse(text) as { id: string }).id}/cancel`, { method: 'POST' });
  await open.stop();
});
