import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { reachOf } from '../../../src/accounts/principal.js';
import { readGroups, UsageQuery, type Group } from '../../../src/accounts/usage.dto.js';
import { UsageStore } from '../../../src/accounts/usage-store.js';
import { Database } from '../../../src/platform/database.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';

let test: TestDatabase;
let database: Database;
let usage: UsageStore;

beforeAll(async () => {
  test = await testDatabase();
  database = Database.open(test.url);
  usage = new UsageStore(database);
  const job = (last: string): string => `01a2031f-0000-7000-8000-00000000000${last}`;
  const row = (at: string, [tenant, tag, provider, operation]: readonly (string | null)[], [id, attempt]: readonly [string, string], amount: string | null, terms: { estimated?: boolean; waste?: boolean } = {}) =>
    test.query('INSERT INTO ledger_entry (at, tenant, key, tag, provider, operation, job_id, attempt_id, outcome, amount, currency, estimated, waste) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)', [
      at, tenant, 'admin', tag, provider, operation, job(id), job(attempt), 'succeeded', amount, amount === null ? null : 'USD', terms.estimated ?? false, terms.waste ?? false,
    ]);
  // The last moment of a day in UTC, and the first of the next.
  await row('2026-11-21T23:59:59.999Z', ['default', 'a', 'one', 'convert'], ['1', '1'], '0.02');
  await row('2026-11-22T00:00:00Z', ['default', 'a', 'one', 'convert'], ['1', '2'], '0.01', { waste: true });
  await row('2026-11-22T09:00:00Z', ['default', null, 'two', 'convert'], ['2', '3'], '0.06666667');
  await row('2026-11-22T09:00:00Z', ['default', null, 'two', 'ocr'], ['2', '3'], '0.13333333');
  await row('2026-11-22T10:00:00Z', ['billing', null, 'two', 'ocr'], ['3', '4'], '0.05', { estimated: true });
  await row('2026-11-22T10:00:00Z', ['billing', null, 'free', 'ocr'], ['3', '5'], null);
});

afterAll(async () => {
  await database.close();
  await test.drop();
});

const read = (groups: readonly Group[], more: { tenant?: string; from?: string; to?: string } = {}) =>
  usage.read({ groups, tenant: more.tenant ?? null, from: more.from === undefined ? null : new Date(more.from), to: more.to === undefined ? null : new Date(more.to) });
const usd = (amount: string | null) => ({ amount, currency: 'USD' });

it('all that was spent is one sum; waste and estimates are said of it', async () => {
  expect(await read([])).toEqual([{ cost: usd('0.2800'), waste: usd('0.0100'), estimated: usd('0.0500'), attempts: 5, jobs: 3 }]);
});

it('the groups of every way to look at it add up to the whole', async () => {
  for (const groups of [['provider'], ['operation'], ['day'], ['tenant'], ['tag'], ['tenant', 'provider', 'operation', 'day', 'tag']] as const) {
    const rows = await read(groups);
    expect(rows.length).toBeGreaterThan(1);
    expect(rows.reduce((sum, { cost }) => sum + Math.round(Number(cost.amount) * 1e8), 0)).toBe(28_000_000);
  }
  // An attempt of two operations is one of each, and one of the whole.
  expect((await read(['operation'], { tenant: 'default' })).map(({ operation, cost, attempts, jobs }) => [operation, cost.amount, attempts, jobs])).toEqual([['convert', '0.09666667', 3, 2], ['ocr', '0.13333333', 1, 1]]);
});

it('a day is one of UTC; from counts, to does not', async () => {
  expect((await read(['day'])).map(({ day, cost }) => [day, cost.amount])).toEqual([['2026-11-21', '0.0200'], ['2026-11-22', '0.2600']]);
  expect(await read([], { from: '2026-11-22', to: '2026-11-22T10:00:00Z' })).toMatchObject([{ cost: usd('0.2100'), attempts: 2 }]);
  expect(await read(['day'], { from: '2026-11-23' })).toEqual([]);
});

it('where no price is configured attempts are counted, and what they cost is not known', async () => {
  expect((await read(['provider'], { tenant: 'billing' })).map(({ provider, cost, attempts }) => [provider, cost.amount, attempts])).toEqual([['free', null, 1], ['two', '0.0500', 1]]);
});

it('who reaches across tenants sees all, or the one that is asked for; anybody else his own, whatever he asks for', async () => {
  const admin = { tenant: 'default', key: 'admin', admin: true };
  const caller = { tenant: 'billing', key: 'key-1', admin: false };
  expect([reachOf(admin, null), reachOf(admin, 'billing'), reachOf(caller, null), reachOf(caller, 'default')]).toEqual([null, 'billing', 'billing', 'billing']);
  expect(await usage.read({ groups: ['tenant'], tenant: reachOf(caller, 'default'), from: null, to: null })).toMatchObject([{ tenant: 'billing' }]);
});

it('groups are words of the list, each once; what is wrong is told with the list', () => {
  expect(readGroups('provider,operation,day')).toEqual(['provider', 'operation', 'day']);
  for (const wrong of ['', 'provider,', 'vendor', 'day,day', 'provider;day']) {
    const [error] = validateSync(plainToInstance(UsageQuery, { groupBy: wrong }));
    expect(Object.values(error?.constraints ?? {})).toEqual(['Must be a list of provider, operation, day, tenant, tag, each at most once, with commas between.']);
  }
});
