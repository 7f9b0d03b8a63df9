import { existsSync, readdirSync, readFileSync } from 'node:fs';

const PROVIDERS = new URL('../../src/providers/', import.meta.url);
const FILES = ['errors.ts', 'formats.ts', 'mapper.ts', 'places.ts', 'provider.ts', 'wire.ts'];

const adapters = readdirSync(PROVIDERS, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

describe('the adapters', () => {
  it('are there at all', () => {
    expect(adapters).toContain('api2convert');
  });

  it.each(adapters)('%s has the six files, in the reading order of all', (adapter) => {
    expect(readdirSync(new URL(`${adapter}/`, PROVIDERS)).sort()).toEqual(FILES);
  });

  it.each(adapters)('%s has the one conformance suite run on it', (adapter) => {
    const test = new URL(`./${adapter}.test.ts`, import.meta.url);
    expect(existsSync(test)).toBe(true);
    expect(readFileSync(test, 'utf8')).toMatch(/^conformance\(/m);
  });
});
