import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnv } from '../../../src/platform/env.js';
import { readProviderConfigs } from '../../../src/providers/provider-config.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'routing-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(more: object) {
  const path = join(folder, 'providers.json');
  writeFileSync(path, JSON.stringify({ providers: [{ id: 'a', adapter: 'runconvert', apiKey: 'key' }, { id: 'b', adapter: 'runconvert', apiKey: 'key' }], ...more }));
  return readProviderConfigs(readEnv({ DATA_DIR: folder, PROVIDERS_FILE: path }), {}).map(({ balanced }) => balanced);
}

it('what is balanced how is said once, for all; what is not said counts 1', () => {
  expect(read({ routing: { balanced: { cost: 3, reliability: 0 } } })).toEqual([{ cost: 3, speed: 1, reliability: 0 }, { cost: 3, speed: 1, reliability: 0 }]);
  expect(read({})).toEqual([undefined, undefined]);
  expect(read({ routing: {} })).toEqual([undefined, undefined]);
});

it.each<[string, object, RegExp]>([
  ['a negative weight', { balanced: { cost: -1 } }, /^PROVIDERS_FILE \(.*\): \/routing\/balanced\/cost must be a number that is not negative\.$/],
  ['a weight that is a text', { balanced: { speed: '1' } }, /\/routing\/balanced\/speed must be a number that is not negative/],
  ['a weight beyond all measure', { balanced: { speed: 1e9 } }, /\/routing\/balanced\/speed must be at most 1000/],
  ['nothing that weighs anything', { balanced: { cost: 0, speed: 0, reliability: 0 } }, /\/routing\/balanced needs a weight above 0: of cost, speed or reliability/],
  ['a weight of something else', { balanced: { price: 1 } }, /\/routing\/balanced .*price/],
  ['a strategy that has no weights', { cheapest: {} }, /\/routing .*cheapest/],
])('%s is refused at its place', (_, routing, message) => {
  expect(() => read({ routing })).toThrow(message);
});
