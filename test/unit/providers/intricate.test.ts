import { isIntricate } from '../../../src/providers/intricate.js';

const MB = 1_000_000;
const list = (piece: string, bytes: number) => `[${piece.repeat(bytes / piece.length)}0]`;

it.each([
  ['empty objects', '{},', 10 * MB],
  ['lists in lists', '[[[[[[[[]]]]]]]],', 2 * MB],
  ['numbers', '1,', MB],
  ['small objects', '{"a":[]},', 8 * MB],
])('what would take long to read is told by its pieces: %s', (_name, piece, bytes) => {
  expect(isIntricate(list(piece, bytes))).toBe(true);
});

it.each([
  ['a long text', `"${'x'.repeat(19 * MB)}"`],
  ['a list of a thousand jobs', list(JSON.stringify({ id: 'a'.repeat(36), status: { code: 'completed' }, output: Array.from({ length: 10 }, (_, id) => ({ id, uri: 'https://files.example/a' })) }).concat(','), MB)],
  ['as many as may be', list('1,', 199_000)],
  ['nothing', ''],
])('%s is read', (_name, text) => {
  expect(isIntricate(text)).toBe(false);
});
