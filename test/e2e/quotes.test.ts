import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, post, SAMPLES, send, until } from './support/rest.js';
import { ledgerOf, play, startVendors, type Vendors } from './support/vendors.js';

interface Money {
  readonly amount: string | null;
  readonly currency: string;
}
interface Told {
  readonly id: string;
  readonly expiresAt: string;
  readonly winner: string | null;
  readonly summary: string;
  readonly quotes: readonly { readonly provider: string; readonly eligible: boolean; readonly reasons: readonly { readonly code: string; readonly message: string }[]; readonly cost: Money; readonly basis: string; readonly seconds: number | null; readonly losses: readonly object[] }[];
  readonly plan: readonly { readonly stage: number; readonly provider: string; readonly steps: readonly string[]; readonly cost: Money }[];
}

let gateway: Gateway;
let database: TestDatabase;
let folder: string;
let vendors: Awaited<ReturnType<typeof startVendors>>;

beforeAll(async () => {
  [folder, database, vendors] = await Promise.all([mkdtemp(join(tmpdir(), 'quotes-')), testDatabase(), startVendors({ SANDBOX_FIXTURES: SAMPLES, SANDBOX_SPEED_MS: '20' })]);
  const file = join(folder, 'providers.json');
  const account = (id: keyof Vendors, pricing: object) => ({ id, adapter: id, baseUrl: vendors[id], apiKey: 'sandbox-key', pricing, weight: id === 'runconvert' ? 0 : 1 });
  await writeFile(file, JSON.stringify({
    rates: { EUR: '1.2' },
    providers: [
      account('api2convert', { currency: 'USD', perCredit: '0.0200', credits: [{ operation: 'convert', to: 'png', credits: 1 }, { operation: '*', credits: 2 }] }),
      account('runconvert', { currency: 'EUR', perCredit: '0.0100', overrides: [{ operation: 'thumbnail', credits: 100 }], credits: [{ operation: '*', credits: 9 }] }),
    ],
  }));
  gateway = await startGateway({ DATABASE_URL: database.url, PROVIDERS_FILE: file, POLL_FLOOR_MS: '50' });
  await until('the vendor\'s own prices', async () => ((await quoted(TO_PNG)).quotes[1]?.basis === 'vendor' ? true : null));
});

afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await Promise.all([vendors.stop(), database.drop(), rm(folder, { recursive: true })]);
});

const PHOTO = { type: 'url', url: 'https://files.example/harbour.jpg' };
const TO_PNG = { inputs: [PHOTO], steps: [{ id: 'png', operation: 'convert', to: 'png' }] };
const ask = (body: object) => gateway.call('/v1/quotes', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const quoted = async (body: object): Promise<Told> => (await ask(body)).json() as Promise<Told>;
const decisionOf = async (id: string) => (await (await gateway.call(`/v1/jobs/${id}/decision`)).json()) as Omit<Told, 'id' | 'expiresAt'> & { strategy: string; decidedAt: string };

it('a quote tells what a job costs where and runs nothing; the job sent after it is decided the same, and costs that', async () => {
  const jobs = (await ledgerOf(vendors)).jobs.length;
  const answer = await ask(TO_PNG);
  expect(answer.status).toBe(200);
  const { id, expiresAt, ...told } = (await answer.json()) as Told;
  expect([id, expiresAt]).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), expect.stringMatching(/^\d{4}-.*Z$/)]);
  expect(told).toMatchObject({
    winner: 'runconvert', summary: 'runconvert: 0.012 USD against 0.020 at api2convert.', plan: [{ stage: 1, provider: 'runconvert', steps: ['png'], cost: { amount: '0.0120', currency: 'USD' } }],
    quotes: [
      { provider: 'api2convert', eligible: true, reasons: [], cost: { amount: '0.0200', currency: 'USD' }, costRange: { min: { amount: '0.0200' }, max: { amount: '0.0200' } }, basis: 'table', losses: [] },
      { provider: 'runconvert', eligible: true, reasons: [], cost: { amount: '0.0120', currency: 'USD' }, basis: 'vendor' },
    ],
  });
  expect((await ledgerOf(vendors)).jobs).toHaveLength(jobs);
  const job = await ended(gateway, (await send(gateway, TO_PNG)).id);
  const { strategy, decidedAt, ...decision } = await decisionOf(job.id);
  expect([strategy, decidedAt]).toEqual(['cheapest', expect.stringMatching(/Z$/)]);
  expect(decision).toEqual(told);
  expect(job).toMatchObject({ status: 'completed', cost: { amount: '0.0120', currency: 'USD' }, attempts: [{ provider: 'runconvert' }] });
});

it('why a provider cannot is told with a code, and what would be lost', async () => {
  const told = await quoted({ inputs: [PHOTO], steps: [{ id: 'turned', operation: 'convert', to: 'png', options: { rotate: 90 } }, { operation: 'resize', width: 5 }], routing: { exclude: ['api2convert'] } });
  expect(told).toMatchObject({ winner: null, plan: [], quotes: [{ provider: 'api2convert', reasons: [{ code: 'excluded' }] }, { provider: 'runconvert', reasons: [{ code: 'capability', message: expect.stringMatching(/^"step-2": /) as string }] }] });
  const lossy = await quoted({ ...TO_PNG, steps: [{ id: 'png', operation: 'convert', to: 'png', options: { rotate: 90 } }] });
  expect(lossy.quotes[1]).toMatchObject({ eligible: true, losses: [{ step: 'png', option: 'rotate', kind: 'dropped' }] });
  expect((await quoted({ ...TO_PNG, steps: [{ id: 'png', operation: 'convert', to: 'png', options: { rotate: 90 } }], routing: { strict: true } })).quotes[1]).toMatchObject({ eligible: false, reasons: [{ code: 'losses' }] });
});

it('a split is planned where it is cheaper, and an override outweighs what the vendor tells', async () => {
  const told = await quoted({ inputs: [PHOTO], steps: [{ id: 'webp', operation: 'convert', to: 'webp' }, { id: 'small', operation: 'thumbnail', to: 'png' }] });
  expect(told).toMatchObject({
    winner: 'split', plan: [{ stage: 1, provider: 'runconvert', steps: ['webp'] }, { stage: 2, provider: 'api2convert', steps: ['small'] }],
    quotes: [{ provider: 'api2convert', cost: { amount: '0.0800' }, basis: 'table' }, { provider: 'runconvert', cost: { amount: '1.2120' }, basis: 'vendor' }],
  });
});

it.each<[strategy: string, winner: RegExp, sentence: RegExp]>([
  ['cheapest', /^runconvert$/, /^runconvert: 0\.012 USD against 0\.020 at api2convert\.$/],
  ['fastest', /^(runconvert|api2convert)$/, /^(runconvert|api2convert), expected to be the fastest: 0\.0\d\d USD in [\d.]+ s against/],
  ['most-reliable', /^runconvert$/, /^runconvert, the most reliable: 0\.012 USD against/],
  ['balanced', /^(runconvert|api2convert)$/, /, the best by price, speed and reliability: 0\.0\d\d USD against/],
  ['priority', /^api2convert$/, /^api2convert, by priority: 0\.020 USD against 0\.012 at runconvert\.$/],
  ['weighted', /^api2convert$/, /^api2convert, drawn by weight: 0\.020 USD against 0\.012 at runconvert\.$/],
])('by %s: the quote says who and how, and a job of the same body goes there', async (strategy, winner, sentence) => {
  const body = { ...TO_PNG, routing: { strategy } };
  const told = await quoted(body);
  expect(told).toMatchObject({ winner: expect.stringMatching(winner) as string, summary: expect.stringMatching(sentence) as string });
  expect((await quoted(body)).winner).toBe(told.winner);
  const job = await ended(gateway, (await send(gateway, body)).id);
  expect(job).toMatchObject({ status: 'completed', routing: { strategy }, attempts: [{ provider: told.winner }] });
  expect(await decisionOf(job.id)).toMatchObject({ strategy, winner: told.winner });
});

it('a job keeps to its quote; after a failover the decision tells what was tried', async () => {
  const { id } = await quoted({ ...TO_PNG, routing: { prefer: ['api2convert'] } });
  const kept = await send(gateway, { ...TO_PNG, routing: { quoteId: id } });
  expect(await ended(gateway, kept.id)).toMatchObject({ status: 'completed', routing: { quoteId: id }, attempts: [{ provider: 'api2convert' }] });
  expect(await decisionOf(kept.id)).toMatchObject({ winner: 'api2convert', quotes: [{ eligible: true }, { eligible: false, reasons: [{ code: 'not_quoted' }] }] });

  await play(vendors, { name: 'fail', vendor: 'runconvert' });
  const moved = await ended(gateway, (await send(gateway, TO_PNG)).id);
  expect(moved.attempts.map(({ provider }) => provider)).toEqual(['runconvert', 'api2convert']);
  expect(await decisionOf(moved.id)).toMatchObject({ winner: 'api2convert', quotes: [{ eligible: true }, { provider: 'runconvert', eligible: false, reasons: [{ code: 'tried' }] }] });
});

describe('what is wrong is refused at its place, with the mend', () => {
  const refusal = async (answer: Response) => ({ status: answer.status, ...((await answer.json()) as { errors?: { pointer: string; message: string }[] }) });

  it.each<[string, object, string, RegExp]>([
    ['a provider that is wanted and not wanted', { only: ['runconvert'], exclude: ['runconvert'] }, '/routing/only/0', /take it out of one of them/],
    ['a strategy that there is not', { strategy: 'fast' }, '/routing/strategy', /did you mean "fastest"\?$/],
    ['a provider that there is not', { prefer: ['other'] }, '/routing/prefer/0', /configured are api2convert, runconvert/],
    ['a negative price', { maxCost: { amount: '-1', currency: 'USD' } }, '/routing/maxCost/amount', /decimal number/],
    ['a quote that there is not', { quoteId: '01900000-0000-7000-8000-000000000000' }, '/routing/quoteId', /no such quote.*Ask for a new one/],
    ['a word that is no quote', { quoteId: 'mine' }, '/routing/quoteId', /POST \/v1\/quotes/],
  ])('%s', async (_, routing, pointer, message) => {
    expect(await refusal(await post(gateway, { ...TO_PNG, routing }))).toMatchObject({ status: 422, code: 'invalid_request', errors: [{ pointer, message: expect.stringMatching(message) as string }] });
  });

  it('a quote that expired', async () => {
    const { id } = await quoted(TO_PNG);
    await database.query(`UPDATE quote SET expires_at = now() - interval '1 second' WHERE id = $1`, [id]);
    expect(await refusal(await post(gateway, { ...TO_PNG, routing: { quoteId: id } }))).toMatchObject({ status: 422, errors: [{ pointer: '/routing/quoteId', message: expect.stringMatching(/expired at .* Ask for a new one/) as string }] });
  });

  it('the decision of a job that there is not', async () => {
    expect((await gateway.call('/v1/jobs/01900000-0000-7000-8000-000000000000/decision')).status).toBe(404);
  });
});
