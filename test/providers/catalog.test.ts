import { existsSync, readdirSync, readFileSync } from 'node:fs';

const PROVIDERS = new URL('../../src/providers/', import.meta.url);
/** An adapter may have more; these it has in any case. */
const FILES = ['catalogue-calls.ts', 'catalogue.ts', 'deliveries.ts', 'errors.ts', 'formats.ts', 'mapper.ts', 'places.ts', 'provider.ts', 'shipped.ts', 'wire.ts'];

const adapters = readdirSync(PROVIDERS, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name);

describe('the adapters', () => {
  it('are there at all', () => {
    expect(adapters).toContain('api2convert');
  });

  it.each(adapters)('%s has the files of all, under their names', (adapter) => {
    expect(readdirSync(new URL(`${adapter}/`, PROVIDERS)).sort()).toEqual(expect.arrayContaining(FILES));
  });

  it.each(adapters)('%s has the one conformance suite run on it', (adapter) => {
    const test = new URL(`./${adapter}.test.ts`, import.meta.url);
    expect(existsSync(test)).toBe(true);
    expect(readFileSync(test, 'utf8')).toMatch(/^conformance\(/m);
  });
});
