import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, problemOf, sendFile, until, uploadJob } from './support/rest.js';
import { play, startVendors } from './support/vendors.js';

interface Report {
  readonly data: readonly { readonly code: string | null; readonly kind: string; readonly mappedTo: string | null; readonly count: number; readonly message: string; readonly example: { readonly jobId: string; readonly attemptId: string } }[];
  readonly nextCursor: null;
}

let database: TestDatabase;
let vendors: Awaited<ReturnType<typeof startVendors>>;
let folder: string;
let gateway: Gateway;

async function start(errors?: object): Promise<void> {
  const file = join(folder, 'providers.json');
  const providers = [{ id: 'odd', adapter: 'api2convert', baseUrl: vendors.api2convert, apiKey: 'sandbox-key', ...(errors === undefined ? {} : { errors }) }, { id: 'other', adapter: 'runconvert', baseUrl: vendors.runconvert, apiKey: 'sandbox-key' }];
  writeFileSync(file, JSON.stringify({ providers }));
  gateway = await startGateway({ DATABASE_URL: database.url, PROVIDERS_FILE: file, POLL_FLOOR_MS: '50', POLL_CEILING_MS: '200' });
}

beforeAll(async () => {
  [database, vendors, folder] = await Promise.all([testDatabase(), startVendors(), mkdtemp(join(tmpdir(), 'unmapped-'))]);
  await start();
});

afterAll(async () => {
  await gateway.stop();
  await vendors.stop();
  await database.drop();
  await rm(folder, { recursive: true });
});

const report = async (id = 'odd') => (await (await gateway.call(`/v1/providers/${id}/unmapped-errors`)).json()) as Report;
const odd = async () => {
  await play(vendors, { name: 'fail', vendor: 'api2convert', options: { code: 4711, source: 'input', message: 'The moon is full.' } });
  return ended(gateway, (await sendFile(gateway, uploadJob('photo.jpg', 'png', { routing: { prefer: ['odd'] } }))).id);
};

it('an error that nobody knows goes to the next provider, is reported with its code and an example, and means what an operator says it means from then on', async () => {
  expect(await report()).toEqual({ data: [], nextCursor: null });
  const job = await odd();
  expect(job).toMatchObject({ status: 'completed', attempts: [{ provider: 'odd', error: { kind: 'unmapped', code: '4711' } }, { provider: 'other', status: 'succeeded' }] });
  const { data: [found] } = await until('the report', async () => report().then((told) => (told.data.length > 0 ? told : null)));
  expect(found).toMatchObject({ code: '4711', kind: 'unmapped', mappedTo: null, count: 1, message: expect.stringContaining('The moon is full.') as string, example: { jobId: job.id, attemptId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string } });
  expect((await report('other')).data).toEqual([]);
  expect(await (await fetch(`${gateway.url}/metrics`)).text()).toContain('conversion_unmapped_errors_total{provider="odd",kind="unmapped"} 1');

  await gateway.stop();
  await start({ 4711: 'invalid_input' });
  expect((await report()).data).toMatchObject([{ code: '4711', mappedTo: 'invalid_input' }]);
  expect(await odd()).toMatchObject({ status: 'failed', error: { code: 'invalid_input' }, attempts: [{ provider: 'odd', error: { kind: 'invalid_input', code: '4711' } }] });
  expect((await report()).data).toMatchObject([{ count: 1 }]);
}, 60_000);

it('the report is for those with a key, and of providers that there are', async () => {
  expect((await fetch(`${gateway.url}/v1/providers/odd/unmapped-errors`)).status).toBe(401);
  expect(await problemOf(await gateway.call('/v1/providers/nobody/unmapped-errors'))).toMatchObject({ status: 404, code: 'not_found' });
});
