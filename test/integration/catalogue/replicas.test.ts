import { ProviderError } from '../../../src/conversion/errors.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';
import { until } from '../../support/engine-room.js';
import { ListingProvider, replica, target, targets, type Replica } from './support.js';

let test: TestDatabase;
let running: Replica[] = [];

beforeEach(async () => void (test = await testDatabase()));

afterEach(async () => {
  await Promise.all(running.map((one) => one.close()));
  running = [];
  await test.drop();
});

async function start(...providers: readonly ListingProvider[]): Promise<Replica> {
  const made = replica(test, providers);
  running.push(made);
  await made.listener.start();
  made.loader.start();
  return made;
}

const vendorWith = (count: number) => Object.assign(new ListingProvider('vendor'), { entries: targets(count) });
const live = ({ views }: Replica, id = 'vendor') => views.of(id).live?.size ?? null;

it('two processes that start together read each catalogue once, and both know it', async () => {
  const [one, other] = [vendorWith(20), Object.assign(new ListingProvider('second'), { entries: targets(30) })];
  const both = [await start(one, other), await start(one, other)];
  expect(both.map((process) => live(process))).toEqual([null, null]);
  for (const { startSchedule } of both) startSchedule();
  await until(() => both.every((process) => live(process) === 20 && live(process, 'second') === 30), 15_000);
  // Whatever is still due: it is done, or it was not needed.
  await until(async () => (await test.query('SELECT 1 FROM graphile_worker.jobs')).length === 0, 15_000);
  expect([one.reads, other.reads]).toEqual([1, 1]);
}, 60_000);

it('a process that only answers knows what another one read', async () => {
  const vendor = vendorWith(20);
  const [worker, api] = [await start(vendor), await start(vendor)];
  await worker.sync('vendor');
  await until(() => live(api) === 20);
  vendor.entries = [...vendor.entries, target('webp')];
  await worker.sync('vendor');
  await until(() => live(api) === 21);
  expect(vendor.reads).toBe(2);
});

it('a refusal has the catalogue read anew, and many have it read once', async () => {
  const vendor = vendorWith(20);
  const worker = await start(vendor);
  worker.startSchedule();
  await until(async () => live(worker) === 20 && (await test.query('SELECT 1 FROM graphile_worker.jobs')).length === 0, 15_000);
  vendor.entries = targets(21);
  const refuse = () => test.query(`SELECT pg_notify('conversion_refusal', 'vendor')`);
  await refuse();
  await until(async () => (await test.query('SELECT 1 FROM graphile_worker.jobs')).length === 0);
  // It was read a moment ago.
  expect(vendor.reads).toBe(1);
  await test.query(`UPDATE catalogue_version SET checked_at = now() - interval '11 minutes'`);
  await Promise.all([refuse(), refuse(), refuse()]);
  await until(() => live(worker) === 21);
  expect(vendor.reads).toBe(2);
}, 60_000);

it('a database that cuts every connection is found again', async () => {
  const vendor = vendorWith(20);
  const worker = await start(vendor);
  worker.startSchedule();
  await until(async () => live(worker) === 20 && (await test.query('SELECT 1 FROM graphile_worker.jobs')).length === 0, 15_000);
  await test.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()').catch(() => undefined);
  vendor.entries = targets(21);
  await until(async () => {
    await test.query(`UPDATE catalogue_version SET checked_at = now() - interval '1 day'`).catch(() => undefined);
    await test.query(`SELECT pg_notify('conversion_refusal', 'vendor')`).catch(() => undefined);
    return live(worker) === 21;
  }, 30_000);
}, 60_000);

it('what a vendor does not give is asked for again later, and the process ends all the same', async () => {
  const vendor = vendorWith(20);
  vendor.failure = new ProviderError('unavailable', 'It is away.');
  const worker = await start(vendor);
  worker.startSchedule();
  await until(async () => (await test.query<{ attempts: number }>('SELECT attempts FROM graphile_worker.jobs WHERE attempts > 0 AND run_at > now()').catch(() => [])).length === 1, 15_000);
  expect([vendor.reads, live(worker)]).toEqual([1, null]);
  vendor.failure = null;
  await test.query(`UPDATE graphile_worker._private_jobs SET run_at = now()`);
  await until(() => live(worker) === 20, 15_000);
}, 60_000);
