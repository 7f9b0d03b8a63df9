import type { Drift } from '../../../src/conversion/catalogue-diff.js';
import { ProviderError } from '../../../src/conversion/errors.js';
import { testDatabase, type TestDatabase } from '../../support/database.js';
import { ListingProvider, replica, target, targets, type Replica } from './support.js';

let test: TestDatabase;
let vendor: ListingProvider;
let here: Replica;

beforeAll(async () => {
  test = await testDatabase();
  vendor = new ListingProvider('vendor');
  here = replica(test, [vendor]);
});

beforeEach(async () => {
  await test.query('TRUNCATE catalogue_version, provider_event CASCADE');
  Object.assign(vendor, { entries: targets(40), covers: ['*'], failure: null });
});

afterAll(async () => {
  await here.close();
  await test.drop();
});

const versions = () => test.query<{ version: number; status: string; entries: number }>('SELECT version, status, entries FROM catalogue_version ORDER BY version');
const events = () => test.query<{ type: string; detail: Drift & { entries: number; before: number | null } }>('SELECT type, detail FROM provider_event ORDER BY id');
const offers = (to: string, from = 'jpg') => here.views.offer({ id: 'vendor', guarded: { inner: vendor } } as never, { operation: 'convert', from, parameters: { to }, options: {} }).offered;

it('a catalogue is kept as it was read, whole, however large', async () => {
  vendor.entries = targets(123);
  expect(await here.sync('vendor')).toMatchObject({ outcome: 'activate', entries: 123 });
  const kept = [];
  for await (const part of here.store.parts({ provider: 'vendor', version: 1 })) kept.push(part);
  expect(kept.map(({ length }) => length)).toEqual([25, 25, 25, 25, 23]);
  expect(kept.flat()).toEqual(vendor.entries);
  // The first is no change of anything.
  expect(await events()).toEqual([]);
});

it('what did not change makes no version, only a later look; the order of its words is no change', async () => {
  await here.sync('vendor');
  await test.query(`UPDATE catalogue_version SET checked_at = now() - interval '1 day'`);
  expect((await here.sync('vendor')).outcome).toBe('unchanged');
  expect((await here.store.standing('vendor')).active?.agoMs).toBeLessThan(60_000);
  vendor.entries = [...vendor.entries].reverse();
  expect((await here.sync('vendor')).outcome).toBe('unchanged');
  expect(await versions()).toEqual([{ version: 1, status: 'active', entries: 40 }]);
});

it('what changed is a version, an event of the provider, and counted', async () => {
  await here.sync('vendor');
  vendor.entries = [...targets(37, 3), target('webp'), target('avif')].map((entry) => (entry.to === 't5' ? { ...entry, credits: 3 } : entry.to === 't6' ? { ...entry, options: { type: 'object', properties: {}, additionalProperties: false } } : entry));
  const { outcome, drift } = await here.sync('vendor');
  expect([outcome, drift?.counts]).toEqual(['activate', { added: 2, removed: 3, options: 1, price: 1 }]);
  expect(await versions()).toEqual([{ version: 1, status: 'superseded', entries: 40 }, { version: 2, status: 'active', entries: 39 }]);
  expect(await events()).toEqual([{
    type: 'catalogue.changed',
    detail: {
      entries: 39, before: 40, counts: { added: 2, removed: 3, options: 1, price: 1 },
      examples: { added: ['convert to webp', 'convert to avif'], removed: ['convert to t0', 'convert to t1', 'convert to t2'], options: ['convert to t6 (quality)'], price: ['convert to t5: unknown to 3'] },
    },
  }]);
  const told = await here.metrics.text();
  expect(told).toContain('conversion_catalogue_drift_total{provider="vendor",kind="removed"} 3');
  expect(told).toContain('conversion_catalogue_drift_total{provider="vendor",kind="price"} 1');
});

it('routing follows: what is no longer listed is not offered, what newly is, is', async () => {
  await here.sync('vendor');
  await here.loader.refresh();
  expect([offers('t1'), offers('webp')]).toEqual([true, false]);
  vendor.entries = [...targets(38, 2), target('webp')];
  await here.sync('vendor');
  // The control: it is the loading that counts.
  expect([offers('t1'), offers('webp')]).toEqual([true, false]);
  await here.loader.refresh();
  expect([offers('t1'), offers('webp')]).toEqual([false, true]);
});

it('most of it gone is not believed, and told, until it was seen twice', async () => {
  await here.sync('vendor');
  vendor.entries = targets(19);
  expect((await here.sync('vendor')).outcome).toBe('suspect');
  await here.loader.refresh();
  expect(offers('t30')).toBe(true);
  expect((await events()).map(({ type, detail }) => [type, detail.counts.removed])).toEqual([['catalogue.suspect', 21]]);
  expect(await versions()).toEqual([{ version: 1, status: 'active', entries: 40 }, { version: 2, status: 'suspect', entries: 19 }]);

  expect((await here.sync('vendor')).outcome).toBe('activate');
  await here.loader.refresh();
  expect([offers('t30'), offers('t3')]).toEqual([false, true]);
  expect((await versions()).map(({ status }) => status)).toEqual(['superseded', 'superseded', 'active']);
  expect((await events()).map(({ type }) => type)).toEqual(['catalogue.suspect', 'catalogue.changed']);
});

it('a slip is forgotten: seen in between as it was, it has to be seen twice again', async () => {
  const [whole, half] = [vendor.entries, targets(19)];
  await here.sync('vendor');
  for (const entries of [half, whole, half]) {
    vendor.entries = entries;
    await here.sync('vendor');
  }
  expect((await versions()).filter(({ status }) => status === 'active')).toEqual([{ version: 1, status: 'active', entries: 40 }]);
});

it.each([['nothing', 0, ['suspect', 'suspect', 'suspect']], ['next to nothing', 3, ['suspect', 'activate', 'unchanged']]])('a first catalogue with %s in it takes nothing away at once', async (_name, count, outcomes) => {
  vendor.entries = targets(count);
  const seen = [];
  for (let time = 0; time < 3; time += 1) seen.push((await here.sync('vendor')).outcome);
  expect(seen).toEqual(outcomes);
});

it('a vendor that is silent changes nothing', async () => {
  await here.sync('vendor');
  vendor.failure = new ProviderError('unavailable', 'It is away.');
  await expect(here.sync('vendor')).rejects.toThrow('It is away.');
  expect(await versions()).toEqual([{ version: 1, status: 'active', entries: 40 }]);
});

it('of operations that a vendor does not list whole, only what it listed once is missed', async () => {
  const pair = (operation: string, from: string, to: string | null) => target('', { operation, name: operation, from, to });
  const pairs = Array.from({ length: 20 }, (_, index) => pair('convert', `s${index}`, 'pdf'));
  const ask = (operation: string, from: string, to: string | null) => here.views.of('vendor').live?.listing(operation, from, to);
  Object.assign(vendor, { covers: ['convert'], entries: [...pairs, pair('compress', 'jpg', null), pair('compress', 'png', null), pair('thumbnail', 'pdf', 'png')] });
  await here.sync('vendor');
  vendor.entries = [...pairs, pair('compress', 'png', null)];
  await here.sync('vendor');
  await here.loader.refresh();
  expect([ask('compress', 'png', null), ask('compress', 'jpg', null), ask('compress', 'gif', null)]).toEqual(['listed', 'unlisted', 'silent']);
  // None of its kind is left: then all of its kind is gone.
  expect([ask('thumbnail', 'pdf', 'png'), ask('thumbnail', 'jpg', 'png'), ask('ocr', 'jpg', null)]).toEqual(['unlisted', 'unlisted', 'silent']);
  vendor.entries = [...vendor.entries, pair('thumbnail', 'pdf', 'png')];
  await here.sync('vendor');
  await here.loader.refresh();
  expect([ask('thumbnail', 'pdf', 'png'), ask('thumbnail', 'jpg', 'png'), ask('compress', 'jpg', null)]).toEqual(['listed', 'silent', 'unlisted']);
});

it('the last few versions are kept, and the active one whatever comes after', async () => {
  for (let time = 0; time < 9; time += 1) {
    vendor.entries = targets(40, time);
    await here.sync('vendor');
  }
  expect((await versions()).map(({ version }) => version)).toEqual([5, 6, 7, 8, 9]);
  for (let time = 0; time < 9; time += 1) {
    vendor.entries = targets(5, time);
    await here.sync('vendor');
  }
  expect((await versions()).filter(({ status }) => status === 'active').map(({ version }) => version)).toEqual([9]);
  expect(await test.query('SELECT DISTINCT version FROM catalogue_part ORDER BY version')).toEqual((await versions()).map(({ version }) => ({ version })));
});

it('of two that read at once, one keeps its version', async () => {
  const other = replica(test, [vendor]);
  const outcomes = await Promise.all([here.sync('vendor'), other.sync('vendor')]);
  await other.close();
  // Who comes as the other one is done finds it done.
  expect(outcomes.map(({ outcome }) => (outcome === 'overtaken' ? 'unchanged' : outcome)).sort()).toEqual(['activate', 'unchanged']);
  expect(await versions()).toHaveLength(1);
});
