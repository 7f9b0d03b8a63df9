import { startGateway, type Gateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { editedVendor, type EditedVendor } from '../e2e/support/edited-vendor.js';
import { bytesOf, ended, post, SAMPLES, send, until } from '../e2e/support/rest.js';
import { startVendors } from '../e2e/support/vendors.js';

interface OptionsView {
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly additionalProperties: boolean;
}

interface OperationView {
  readonly operation: string;
  readonly providers: readonly { readonly provider: string; readonly options: OptionsView; readonly credits: number | null }[];
}

interface PairView {
  readonly providers: readonly string[];
  readonly verified: boolean;
}

interface Entry {
  readonly target: string;
  readonly category: string;
}

let sandbox: Awaited<ReturnType<typeof startVendors>>;
let database: TestDatabase;
let vendors: { readonly api2convert: EditedVendor; readonly runconvert: EditedVendor };
let gateway: Gateway | null = null;

beforeAll(async () => void (sandbox = await startVendors({ SANDBOX_FIXTURES: SAMPLES, SANDBOX_SPEED_MS: '20' })));
afterAll(() => sandbox.stop());

beforeEach(async () => {
  database = await testDatabase();
  vendors = { api2convert: await editedVendor(sandbox.api2convert), runconvert: await editedVendor(sandbox.runconvert) };
});

afterEach(async () => {
  await gateway?.stop();
  gateway = null;
  await Promise.all([vendors.api2convert.close(), vendors.runconvert.close()]);
  await database.drop();
});

async function start(): Promise<Gateway> {
  gateway = await startGateway({
    DATABASE_URL: database.url, POLL_FLOOR_MS: '50', EGRESS_ALLOW: '127.0.0.0/8',
    API2CONVERT_API_KEY: 'sandbox-key', API2CONVERT_BASE_URL: vendors.api2convert.url, RUNCONVERT_API_KEY: 'sandbox-key', RUNCONVERT_BASE_URL: vendors.runconvert.url,
  });
  return gateway;
}

const ask = async <T>(path: string): Promise<readonly T[]> => ((await (await (gateway as Gateway).call(path)).json()) as { data: readonly T[] }).data;
const pair = async (from: string, to: string): Promise<PairView | null> => (await ask<PairView>(`/v1/formats?from=${from}&to=${to}`))[0] ?? null;
const at = async (provider: string, query: string) => (await ask<OperationView>(`/v1/operations?${query}`))[0]?.providers.find((one) => one.provider === provider) ?? null;
const toPicture = (to: string, provider: string) => ({ inputs: [{ type: 'url', url: 'https://a.example/lighthouse.jpg' }], steps: [{ operation: 'convert', to }], routing: { only: [provider] } });

const catalogued = () => until('both catalogues', async () => ((await at('api2convert', 'operation=resize'))?.options.additionalProperties === false && (await at('runconvert', 'operation=convert&from=jpg&to=png'))?.credits === 1 ? true : null));

/** As if the next turn of the clock had come. */
async function again(provider: string): Promise<void> {
  await database.query(`UPDATE catalogue_version SET checked_at = now() - interval '1 day'`);
  await database.query(`SELECT pg_notify('conversion_refusal', $1)`, [provider]);
}

it('what a vendor\'s catalogue tells is what is offered, with options as JSON Schema and prices', async () => {
  await start();
  await catalogued();
  expect((await at('api2convert', 'operation=convert&to=png'))?.options).toMatchObject({ type: 'object', properties: { quality: { type: 'integer', minimum: 1, maximum: 100 } }, additionalProperties: false });
  expect((await at('runconvert', 'operation=convert&from=txt&to=pdf'))?.credits).toBe(2);
  expect(await at('api2convert', 'operation=cut-video')).toBeNull();
  // RunConvert lists this very pair; the other one only its target, until somebody saw it work.
  expect(await pair('jpg', 'png')).toMatchObject({ providers: ['api2convert', 'runconvert'], verified: true });
  expect(await pair('psd', 'png')).toMatchObject({ providers: ['api2convert'], verified: false });
  expect(await pair('jpg', 'zip')).toBeNull();
});

it('a catalogue that changes at the vendor is seen: on the timeline, in the metrics, in the log, and by who asks for what is gone', async () => {
  const running = await start();
  await catalogued();
  expect((await ended(running, (await send(running, toPicture('webp', 'api2convert'))).id)).status).toBe('completed');

  vendors.api2convert.edit = (_url, body) => ({ status: 200, body: (body as Entry[]).filter(({ target }) => target !== 'webp') });
  await again('api2convert');
  await until('the loss of webp', async () => ((await pair('jpg', 'webp'))?.providers.includes('api2convert') === false ? true : null));
  const refused = await post(running, toPicture('webp', 'api2convert'));
  const problem = (await refused.json()) as { code: string; detail: string };
  expect([refused.status, problem.code]).toEqual([422, 'no_eligible_provider']);
  expect(problem.detail).toContain('Its catalogue does not list "convert" from jpg to webp.');
  expect(problem.detail).toMatch(/Nearest that works: "convert" from jpg to \w+\./);
  // The other vendor still has it.
  expect((await ended(running, (await send(running, toPicture('webp', 'runconvert'))).id)).status).toBe('completed');

  expect(await database.query('SELECT provider, type, detail->\'examples\'->\'removed\' AS removed FROM provider_event')).toEqual([{ provider: 'api2convert', type: 'catalogue.changed', removed: ['convert to webp', 'capture to webp'] }]);
  expect(await (await fetch(`${running.url}/metrics`)).text()).toContain('conversion_catalogue_drift_total{provider="api2convert",kind="removed"} 2');
  expect(running.output()).toContain('The catalogue changed.');

  vendors.api2convert.edit = () => null;
  await again('api2convert');
  await until('webp again', async () => ((await pair('jpg', 'webp'))?.providers.includes('api2convert') === true ? true : null));
});

it('half a catalogue takes nothing away, and a whole one that was shortened does, the second time', async () => {
  const running = await start();
  await catalogued();
  vendors.api2convert.edit = (_url, body) => ({ status: 200, body: (body as Entry[]).filter(({ category }) => category === 'image') });
  await again('api2convert');
  await until('the doubt', async () => (running.output().includes('not believed') ? true : null));
  expect(await at('api2convert', 'operation=resize')).not.toBeNull();
  await again('api2convert');
  await until('the loss', async () => ((await at('api2convert', 'operation=resize')) === null ? true : null));
});

it('vendors that are silent: it starts, works, tells what the documents tell; and what was read before still counts after a restart', async () => {
  const silent = () => ({ status: 503, body: { message: 'Not now' } });
  Object.assign(vendors.api2convert, { edit: silent });
  Object.assign(vendors.runconvert, { edit: silent });
  let running = await start();
  await until('both were asked', async () => (vendors.api2convert.asked > 0 && vendors.runconvert.asked > 0 && running.output().split('The catalogue cannot be read').length > 2 ? true : null));
  expect((await at('api2convert', 'operation=resize'))?.options).toMatchObject({ properties: { resize_by: { examples: ['px'] } }, additionalProperties: true });
  expect(await pair('jpg', 'png')).toEqual({ from: 'jpg', to: 'png', category: 'image', providers: ['api2convert', 'runconvert'], verified: false });
  for (const provider of ['api2convert', 'runconvert']) {
    const job = await ended(running, (await send(running, toPicture('png', provider))).id);
    expect([job.status, (await bytesOf(running, job.outputs[0])).length > 0]).toEqual(['completed', true]);
  }
  await until('the pair that was seen to work', async () => ((await pair('jpg', 'png'))?.verified === true ? true : null));
  expect(await running.stop()).toBe(0);

  Object.assign(vendors.api2convert, { edit: () => null });
  Object.assign(vendors.runconvert, { edit: () => null });
  running = await start();
  await catalogued();
  expect(await running.stop()).toBe(0);

  Object.assign(vendors.api2convert, { edit: silent });
  Object.assign(vendors.runconvert, { edit: silent });
  await start();
  await catalogued();
}, 60_000);

it('a vendor that hangs over its catalogue holds up neither start nor stop', async () => {
  vendors.api2convert.edit = () => 'hang';
  const running = await start();
  await until('it was asked', async () => (vendors.api2convert.asked > 0 ? true : null));
  expect((await running.call('/v1/operations')).status).toBe(200);
  expect(await running.stop()).toBe(0);
});

it('/metrics is served without a key, in Prometheus\' format', async () => {
  const running = await start();
  const answer = await fetch(`${running.url}/metrics`);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/plain; version=0\.0\.4/)]);
  expect(await answer.text()).toMatch(/^process_cpu_user_seconds_total \d/m);
});
