import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { send } from './support/rest.js';

let database: TestDatabase;
const open: Socket[] = [];

beforeAll(async () => {
  database = await testDatabase();
});

afterAll(async () => {
  for (const socket of open) socket.destroy();
  await database.drop();
});

const start = (): Promise<Gateway> => startGateway({ DATABASE_URL: database.url, API2CONVERT_API_KEY: 'k', API2CONVERT_BASE_URL: 'http://127.0.0.1:9/v2' });
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Announces a body of `length`, sends the beginning of it, and then nothing until it is told to. */
async function begin(gateway: Gateway, line: string, headers: readonly string[], length: number, beginning: string): Promise<{ readonly socket: Socket; readonly heard: () => string }> {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  open.push(socket);
  let heard = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => (heard += chunk.toString()));
  await once(socket, 'connect');
  socket.write(`${[`${line} HTTP/1.1`, 'Host: gateway', `Content-Length: ${length}`, ...headers].join('\r\n')}\r\n\r\n${beginning}`);
  return { socket, heard: () => heard };
}

const FORM = 'Content-Type: multipart/form-data; boundary=edge';
const part = (field: string) => `--edge\r\nContent-Disposition: form-data; name="${field}"; filename="a.jpg"\r\n\r\nbytes`;

test('a stop does not wait for callers whose forms were refused before they had sent them; they hear why', async () => {
  const gateway = await start();
  const key = `Authorization: Bearer ${gateway.key}`;
  const refused = await Promise.all([
    begin(gateway, 'POST /v1/convert?to=png', [key, FORM], 1_000_000, part('photo')),
    begin(gateway, 'POST /v1/convert?to=png', [FORM], 1_000_000, part('file')),
    begin(gateway, 'POST /v1/jobs', [key, FORM], 1_000_000, part('file')),
  ]);
  for (const late = Date.now() + 10_000; refused.some(({ heard }) => !heard().includes('"code"')) && Date.now() < late; ) await pause(20);
  expect(refused.map(({ heard }) => /^HTTP\/1.1 (\d+)/.exec(heard())?.[1])).toEqual(['422', '401', '415']);
  const told = Date.now();
  expect(await gateway.stop()).toBe(0);
  expect(Date.now() - told).toBeLessThan(6000);
});

test('the control: it does wait for an upload that goes on, and answers it', async () => {
  const gateway = await start();
  const { id } = await send(gateway, { inputs: [{ id: 'file', type: 'upload', filename: 'a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] });
  const { socket, heard } = await begin(gateway, `PUT /v1/jobs/${id}/inputs/file/content`, [`Authorization: Bearer ${gateway.key}`, 'Content-Type: image/jpeg'], 10, 'five.');
  await pause(300);
  const stopped = gateway.stop();
  await pause(2500);
  expect([socket.destroyed, heard()]).toEqual([false, '']);
  socket.write('bytes');
  expect(await stopped).toBe(0);
  expect(heard()).toMatch(/^HTTP\/1.1 200/);
});
