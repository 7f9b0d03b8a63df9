import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readEnv } from '../../../src/platform/env.js';
import { readProviderConfigs } from '../../../src/providers/provider-config.js';

let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'pricing-'))));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const provider = (id: string, pricing: unknown) => ({ id, adapter: 'runconvert', apiKey: 'key', ...(pricing === undefined ? {} : { pricing }) });
const usd = (more: object = {}) => ({ currency: 'USD', perCredit: '0.0200', ...more });

function read(pricings: readonly unknown[], more: object = {}) {
  const path = join(folder, 'providers.json');
  writeFileSync(path, JSON.stringify({ providers: pricings.map((pricing, index) => provider(`p${index}`, pricing)), ...more }));
  return readProviderConfigs(readEnv({ DATA_DIR: folder, PROVIDERS_FILE: path }), {}).map(({ pricing }) => pricing);
}

it('a table is read as it stands, with rows of every kind', () => {
  const credits = [{ operation: 'convert', from: '*', to: 'png', credits: 1 }, { operation: 'convert', category: 'video', creditsPerMinute: 5 }, { operation: '*', credits: 0 }];
  const overrides = [{ operation: 'convert', from: 'jpg', to: 'png', credits: 0.5 }];
  expect(read([usd({ credits, overrides }), undefined])).toEqual([{ currency: 'USD', perCredit: '0.0200', credits, overrides }, undefined]);
});

it.each<[string, unknown, RegExp]>([
  ['a negative price of a credit', usd({ perCredit: '-0.02' }), /^PROVIDERS_FILE \(.*\): \/providers\/0\/pricing\/perCredit must be a decimal number that is not negative/],
  ['a price of a credit that is no text', usd({ perCredit: 0.02 }), /\/providers\/0\/pricing\/perCredit /],
  ['a negative price of a file', usd({ credits: [{ credits: 1 }, { credits: -1 }] }), /\/providers\/0\/pricing\/credits\/1\/credits must be a number that is not negative/],
  ['a negative price of a minute', usd({ credits: [{ creditsPerMinute: -0.5 }] }), /\/credits\/0\/creditsPerMinute must be .* not negative/],
  ['a negative override', usd({ overrides: [{ credits: -1 }] }), /\/pricing\/overrides\/0\/credits must be .* not negative/],
  ['a row with two prices', usd({ credits: [{ credits: 1, creditsPerMinute: 1 }] }), /\/credits\/0 needs either/],
  ['a row without one', usd({ credits: [{ operation: 'convert' }] }), /\/credits\/0 needs either/],
  ['an operation that there is not', usd({ credits: [{ operation: 'convrt', credits: 1 }] }), /\/credits\/0\/operation must be an operation or "\*", and "convrt" is neither; did you mean "convert"\?/],
  ['a category that there is not', usd({ credits: [{ category: 'films', credits: 1 }] }), /\/credits\/0\/category must be a category of formats or "\*"/],
  ['a currency that is none', usd({ currency: 'dollars' }), /\/providers\/0\/pricing\/currency must be a currency code/],
])('%s is refused at its place', (_, pricing, message) => {
  expect(() => read([pricing])).toThrow(message);
});

describe('two currencies', () => {
  const mixed = [usd(), { currency: 'EUR', perCredit: '0.0100' }];

  it('are refused without a rate, with the mend', () => {
    expect(() => read(mixed)).toThrow(/\/providers\/1\/pricing\/currency: EUR cannot be compared with USD without a rate; add "rates": \{ "EUR": "…" \}/);
    expect(() => read(mixed, { rates: { GBP: '1.2' } })).toThrow(/\/providers\/1\/pricing\/currency/);
  });

  it('become one with a rate: that of the first price, or the one that is named', () => {
    expect(read(mixed, { rates: { EUR: '1.0850' } })).toMatchObject([{ currency: 'USD', perCredit: '0.0200' }, { currency: 'USD', perCredit: '0.01085' }]);
    expect(read(mixed, { currency: 'EUR', rates: { USD: '0.5' } })).toMatchObject([{ currency: 'EUR', perCredit: '0.01' }, { currency: 'EUR', perCredit: '0.0100' }]);
  });

  it.each(['0', '0.00', '-1', 'one'])('a rate of %s is refused', (rate) => {
    expect(() => read(mixed, { rates: { EUR: rate } })).toThrow(/\/rates\/EUR must be/);
  });

  it('one currency needs no rate', () => {
    expect(read([usd(), usd()])).toHaveLength(2);
  });
});

it('what a minute of waiting is worth is told to every provider; nothing at all where the file does not say', () => {
  const path = join(folder, 'waiting.json');
  const waitingOf = (more: object) => {
    writeFileSync(path, JSON.stringify({ providers: [provider('a', undefined), provider('b', undefined)], ...more }));
    return readProviderConfigs(readEnv({ DATA_DIR: folder, PROVIDERS_FILE: path }), {}).map(({ waiting }) => waiting);
  };
  expect(waitingOf({ waiting: { costPerMinute: '0.05' } })).toEqual([{ costPerMinute: '0.05' }, { costPerMinute: '0.05' }]);
  expect(waitingOf({ waiting: { costPerMinute: '0' } })).toEqual([{ costPerMinute: '0' }, { costPerMinute: '0' }]);
  expect(waitingOf({})).toEqual([undefined, undefined]);
  for (const wrong of [{ costPerMinute: '-0.05' }, { costPerMinute: 0.05 }, { costPerMinute: 'much' }, { costPerHour: '1' }, {}]) expect(() => waitingOf({ waiting: wrong })).toThrow(/^PROVIDERS_FILE \(.*\): \/waiting/);
});
