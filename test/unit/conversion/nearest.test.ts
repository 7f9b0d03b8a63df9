import { nearest } from '../../../src/conversion/nearest.js';
import { OPERATIONS } from '../../../src/conversion/operations.js';
import { readJob } from '../../../src/conversion/read-job.js';

it.each([
  ['CONVERT', 'convert'],
  ['convrt', 'convert'],
  ['resize-image', 'resize'],
  ['compare-image', 'compare-images'],
  ['ocrr', 'ocr'],
  ['hsh', 'hash'],
  ['pdfa', 'to-pdfa'],
  ['transmogrify', null],
  ['__proto__', null],
  ['constructor', null],
  ['', null],
  ['o', null],
  ['x'.repeat(100_000), null],
])('by %j %j was meant', (said, meant) => {
  expect(nearest(said, OPERATIONS.keys())).toBe(meant);
});

it.each([
  ['resize-image', 'There is no operation "resize-image"; did you mean "resize"? GET /v1/operations lists them all.'],
  ['transmogrify', 'There is no operation "transmogrify". There are "convert", "compress", "merge" and others: GET /v1/operations lists them all.'],
])('a caller who says %s is helped on', (operation, message) => {
  const read = readJob({ inputs: [{ type: 'upload' }], steps: [{ operation }] }, { providers: [], adapters: [], checkAddress: () => null, maxUploadBytes: 1000, money: { currency: 'USD', rates: {} } });
  expect(read).toEqual({ errors: [{ pointer: '/steps/0/operation', message }] });
});
