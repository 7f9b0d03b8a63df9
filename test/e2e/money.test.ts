import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, post, SAMPLES, send, until } from './support/rest.js';
import { ledgerOf, startVendors, type Vendors } from './support/vendors.js';

/** Conversions to PNG cost 0.02 at api2convert and 0.05 at runconvert. Jobs of the tag "small" may cost 0.10 a month, and nothing at runconvert. */
let gateway: Gateway;
let database: TestDatabase;
let folder: string;
let vendors: Awaited<ReturnType<typeof startVendors>>;

beforeAll(async () => {
  [folder, database, vendors] = await Promise.all([mkdtemp(join(tmpdir(), 'money-')), testDatabase(), startVendors({ SANDBOX_FIXTURES: SAMPLES, SANDBOX_SPEED_MS: '20' })]);
  const file = join(folder, 'providers.json');
  const account = (id: keyof Vendors, perCredit: string) => ({ id, adapter: id, baseUrl: vendors[id], apiKey: 'sandbox-key', pricing: { currency: 'USD', perCredit, overrides: [{ credits: 1 }] } });
  await writeFile(file, JSON.stringify({
    providers: [account('api2convert', '0.02'), account('runconvert', '0.05')],
    budgets: [{ tag: 'small', period: 'month', limit: { amount: '0.10', currency: 'USD' } }, { tag: 'small', provider: 'runconvert', period: 'total', limit: { amount: '0', currency: 'USD' } }],
  }));
  gateway = await startGateway({ DATABASE_URL: database.url, PROVIDERS_FILE: file, POLL_FLOOR_MS: '50' });
});

afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await Promise.all([vendors.stop(), database.drop(), rm(folder, { recursive: true })]);
});

const TO_PNG = { inputs: [{ type: 'url', url: 'https://files.example/harbour.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };
const problem = async (answer: Response) => ({ status: answer.status, ...((await answer.json()) as { code?: string; detail?: string; errors?: { pointer: string; message: string }[] }) });
const usage = async (query: string) => (await (await gateway.call(`/v1/usage${query}`)).json()) as { data: Record<string, unknown>[]; nextCursor: null };
const metric = async (line: RegExp) => Number(line.exec(await (await fetch(`${gateway.url}/metrics`)).text())?.[1] ?? NaN);

it('what jobs cost is told by usage as by the vendors\' own ledger, and counted', async () => {
  const jobs = await Promise.all([send(gateway, { ...TO_PNG, tag: 'a' }), send(gateway, { ...TO_PNG, tag: 'a', routing: { only: ['runconvert'] } })]);
  for (const { id } of jobs) expect(await ended(gateway, id)).toMatchObject({ status: 'completed' });
  const credits = (vendor: string, all: Awaited<ReturnType<typeof ledgerOf>>) => all.jobs.filter((job) => job.vendor === vendor).reduce((sum, job) => sum + (job as unknown as { credits: number }).credits, 0);
  const told = await ledgerOf(vendors);
  const { data, nextCursor } = await usage('?groupBy=provider,tag,operation');
  expect(nextCursor).toBeNull();
  expect(data.map(({ provider, tag, operation, cost, attempts, jobs: of }) => [provider, tag, operation, Number((cost as { amount: string }).amount), attempts, of])).toEqual([
    ['api2convert', 'a', 'convert', expect.closeTo(credits('api2convert', told) * 0.02, 8), 1, 1],
    ['runconvert', 'a', 'convert', expect.closeTo(credits('runconvert', told) * 0.05, 8), 1, 1],
  ]);
  expect(await metric(/conversion_cost_total\{provider="api2convert",currency="USD"\} (\S+)/)).toBeCloseTo(credits('api2convert', told) * 0.02, 8);
});

it('usage that is asked for wrongly is refused with what there is', async () => {
  expect(await problem(await gateway.call('/v1/usage?groupBy=vendor'))).toMatchObject({ status: 422, code: 'invalid_request', errors: [{ pointer: '/groupBy', message: 'Must be a list of provider, operation, day, tenant, tag, each at most once, with commas between.' }] });
  expect((await gateway.call('/v1/usage?from=yesterday')).status).toBe(422);
  expect((await gateway.call('/v1/usage?from=2026-11-01&to=2027-11-01&groupBy=day')).status).toBe(200);
});

it('a limit that nothing fits is refused with the cheapest price', async () => {
  expect(await problem(await post(gateway, { ...TO_PNG, routing: { maxCost: { amount: '0.01', currency: 'USD' } } }))).toMatchObject({ status: 422, code: 'no_eligible_provider', errors: [{ pointer: '/routing/maxCost', message: expect.stringContaining('0.0200 USD') as string }] });
});

it('a budget takes what it pays for and no more; what is left is said, and told to whoever operates it', async () => {
  const answers = await Promise.all(Array.from({ length: 12 }, () => post(gateway, { ...TO_PNG, tag: 'small' })));
  expect(answers.map(({ status }) => status).filter((status) => status === 202)).toHaveLength(5);
  const refused = answers.find(({ status }) => status !== 202);
  expect(refused === undefined ? null : await problem(refused)).toMatchObject({ status: 402, code: 'budget_exceeded', detail: expect.stringMatching(/tag=small\/month.*renews at/) as string });
  for (const answer of answers.filter(({ status }) => status === 202)) expect(await ended(gateway, ((await answer.json()) as { id: string }).id)).toMatchObject({ attempts: [{ provider: 'api2convert' }] });
  const rows = () => database.query<{ spent: number; reserved: number; ledger: number }>(`SELECT spent::float8, reserved::float8, (SELECT sum(amount)::float8 FROM ledger_entry WHERE tag = 'small') AS ledger FROM budget_period WHERE budget = 'tag=small/month' AND (spent > 0 OR reserved > 0)`);
  const [state] = await until('nothing reserved', async () => ((await rows())[0]?.reserved === 0 ? rows() : null));
  expect(state?.spent).toBe(state?.ledger);
  await until('the alert', async () => (gateway.output().includes('tag=small/month') ? true : null));
  await until('the measure', async () => ((await metric(/conversion_budget_used_ratio\{budget="tag=small\/month"\} (\S+)/)) > 0 ? true : null));
});
