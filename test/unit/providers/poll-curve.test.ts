import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PollPace } from '../../../src/execution/poll-pace.js';
import { readEnv } from '../../../src/platform/env.js';
import { pollOf, readProviderConfigs, type ProviderConfig } from '../../../src/providers/provider-config.js';
import type { RegisteredProvider } from '../../../src/providers/registry.js';

let folder: string;

beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'poll-curve-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const environment = (more: Record<string, string> = {}) => readEnv({ DATA_DIR: folder, POLL_FLOOR_MS: '1000', POLL_CEILING_MS: '15000', PROVIDERS_FILE: join(folder, 'providers.json'), ...more });

function configured(poll: unknown, more: Record<string, string> = {}): ProviderConfig | undefined {
  writeFileSync(join(folder, 'providers.json'), JSON.stringify({ providers: [{ id: 'one', adapter: 'runconvert', apiKey: 'key', ...(poll === undefined ? {} : { poll }) }] }));
  return readProviderConfigs(environment(more), {})[0];
}

it.each<[string, unknown, object]>([
  ['without a word of its own', undefined, { floorMs: 1000, ceilingMs: 15_000 }],
  ['with a floor', { floorMs: 5000 }, { floorMs: 5000, ceilingMs: 15_000 }],
  ['with a ceiling', { ceilingMs: 60_000 }, { floorMs: 1000, ceilingMs: 60_000 }],
  ['with both', { floorMs: 10, ceilingMs: 10 }, { floorMs: 10, ceilingMs: 10 }],
])('a provider %s is read along its curve', (_name, poll, curve) => {
  const config = configured(poll);
  if (config === undefined) throw new Error('no provider');
  expect(pollOf(config, environment())).toEqual(curve);
});

it.each<[string, unknown, RegExp]>([
  ['a ceiling below the floor', { floorMs: 2000, ceilingMs: 1000 }, /\/providers\/0\/poll: the longest pause, 1000 ms, is below the first, 2000 ms\.$/],
  ['a ceiling below POLL_FLOOR_MS', { ceilingMs: 500 }, /\/providers\/0\/poll: the longest pause, 500 ms, is below the first, 1000 ms\.$/],
  ['a floor above POLL_CEILING_MS', { floorMs: 20_000 }, /\/providers\/0\/poll: /],
  ['a pause that is none', { floorMs: 0 }, /\/providers\/0\/poll\/floorMs /],
  ['half a millisecond', { ceilingMs: 1500.5 }, /\/providers\/0\/poll\/ceilingMs /],
  ['a word that nobody knows', { floor: 1000 }, /\/providers\/0\/poll /],
])('%s is refused at its place', (_name, poll, message) => {
  expect(() => configured(poll)).toThrow(message);
});

it('a caller\'s interest brings a read forward no faster than twice the floor, and never faster than every two seconds', () => {
  const next = (poll: ProviderConfig['poll']) => new PollPace(environment()).next({ id: 'one', config: { poll } } as RegisteredProvider, { polls: 0, listed: null }, Infinity);
  expect(next({ floorMs: 100 }).staleAfterMs).toBe(2000);
  expect(next({ floorMs: 4000 })).toMatchObject({ staleAfterMs: 8000 });
  expect(next({ floorMs: 4000 }).pollAfterMs).toBeGreaterThanOrEqual(3600);
});
