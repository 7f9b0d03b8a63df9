import type { CatalogueEntry, OptionsSchema } from '../../../src/conversion/catalogue.js';
import { readPart, toPart } from '../../../src/routing/catalogue-parts.js';

const options = (name: string): OptionsSchema => ({ type: 'object', properties: { [name]: {} }, additionalProperties: false });
const entry = (to: string, schema: OptionsSchema | null): CatalogueEntry => ({ operation: 'convert', name: 'convert', from: 'jpg', to, options: schema, credits: 2 });

it('a slice comes back as it was, whatever its entries share', () => {
  const [shared, other] = [options('quality'), options('dpi')];
  const entries = [entry('png', shared), entry('gif', other), entry('webp', shared), entry('bmp', null), { ...entry('', null), operation: null, from: null, to: null, credits: null }];
  const part = toPart(entries);
  expect(readPart(JSON.parse(JSON.stringify(part)) as typeof part)).toEqual(entries);
  expect(part.schemas).toEqual([shared, other]);
});
