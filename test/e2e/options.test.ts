import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, post, SAMPLES, send, until, type JobView } from './support/rest.js';

interface OperationView {
  readonly operation: string;
  readonly providers: readonly { readonly provider: string; readonly options: { readonly properties: Readonly<Record<string, unknown>>; readonly additionalProperties: boolean }; readonly losses: readonly object[] }[];
}

let gateway: Gateway;
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  gateway = await startGateway({ DATABASE_URL: database.url, SANDBOX_FIXTURES: SAMPLES, SANDBOX_SPEED_MS: '20', POLL_FLOOR_MS: '50' });
  await until('both catalogues', async () => ((await operation('resize')).providers[0]?.options.additionalProperties === false && (await operation('convert&from=jpg&to=png')).providers.every(({ options }) => !options.additionalProperties) ? true : null));
});

afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await database.drop();
});

const operation = async (query: string): Promise<OperationView> => ((await (await gateway.call(`/v1/operations?operation=${query}`)).json()) as { data: [OperationView] }).data[0];
const toPng = (options: object, more: object = {}) => ({ inputs: [{ type: 'url', url: 'https://files.example/harbour.jpg' }], steps: [{ id: 'png', operation: 'convert', to: 'png', options }], ...more });
const at = (provider: string, more: object = {}) => ({ routing: { only: [provider], ...more } });
const refused = async (body: object): Promise<unknown> => (await post(gateway, body)).json();

describe('an option that cannot be followed is refused where it stands', () => {
  it.each<[string, object, object, string, RegExp]>([
    ['a value out of range', { quality: 400 }, {}, '/steps/0/options/quality', /whole number from 1 to 100/],
    ['a value that no vendor takes', { color: 'pink' }, {}, '/steps/0/options/color', /api2convert: .*"gray"/],
    ['a word that no vendor has', { colour: 'gray' }, {}, '/steps/0/options/colour', /did you mean "color"/],
    ['a word of the wrong vendor', { allow_multiple_outputs: true }, at('runconvert'), '/steps/0/options/allow_multiple_outputs', /runconvert: .*It is an option of api2convert/],
  ])('%s', async (_what, options, more, pointer, message) => {
    const problem = await refused(toPng(options, more));
    expect(problem).toMatchObject({ status: 422, errors: [{ pointer, message: expect.stringMatching(message) as string }] });
  });

  it('a value for one adapter, whoever would run it', async () => {
    const body = toPng({});
    const steps = body.steps.map((step) => ({ ...step, providerOptions: { api2convert: { color: 'pink' } } }));
    expect(await refused({ ...body, steps })).toMatchObject({ status: 422, code: 'invalid_request', errors: [{ pointer: '/steps/0/providerOptions/api2convert/color', message: expect.stringContaining('"monochrome"') as string }] });
  });

  it('more steps than are taken', async () => {
    const steps = Array.from({ length: 65 }, () => ({ operation: 'convert', to: 'png' }));
    expect(await refused({ ...toPng({}), steps })).toMatchObject({ status: 422, errors: [{ pointer: '/steps', message: expect.stringContaining('64') as string }] });
  });

  it('what would be lost, where nothing may be', async () => {
    expect(await refused(toPng({ rotate: 90 }, at('runconvert', { strict: true })))).toMatchObject({ status: 422, code: 'no_eligible_provider', errors: [{ pointer: '/steps/0/options/rotate', message: expect.stringContaining('routing.strict') as string }] });
  });
});

describe('an option that is followed roughly or not at all', () => {
  const job = async (body: object): Promise<JobView & { readonly losses: readonly object[] }> => (await ended(gateway, (await send(gateway, body)).id)) as JobView & { losses: object[] };

  it('is in the losses of the job that runs there', async () => {
    expect(await job(toPng({ rotate: 90, quality: 80, width: 100 }, at('runconvert')))).toMatchObject({
      status: 'completed', losses: [{ step: 'png', option: 'rotate', kind: 'dropped', message: expect.stringMatching(/RunConvert/) as string }, { step: 'png', option: 'width', kind: 'approximate' }],
    });
  });

  it('is none where the provider follows it; the one that loses least is taken', async () => {
    const followed = await job(toPng({ rotate: 90, quality: 80, width: 100 }, at('api2convert', { strict: true })));
    expect(followed).toMatchObject({ status: 'completed', losses: [] });
    expect((await job(toPng({ rotate: 90 }, { routing: { strict: true } }))).attempts).toMatchObject([{ provider: 'api2convert' }]);
  });

  it('is told beforehand, by operation and provider', async () => {
    const { providers } = await operation('convert&to=png');
    const told = Object.fromEntries(providers.map(({ provider, losses }) => [provider, losses]));
    expect(told).toMatchObject({ api2convert: [], runconvert: expect.arrayContaining([expect.objectContaining({ option: 'rotate', kind: 'dropped' })]) as object[] });
    expect(providers.map(({ provider, options }) => [provider, 'rotate' in options.properties, 'quality' in options.properties])).toEqual(expect.arrayContaining([['api2convert', true, true], ['runconvert', false, true]]));
  });
});
