import fc from 'fast-check';
import { readRange } from '../../../src/files/ranges.js';

/** RFC 9110 14.1.2, byte by byte: which of the file's bytes the range names. */
function named(first: number | null, last: number | null, size: number): number[] {
  const all = Array.from({ length: size }, (_, index) => index);
  if (first === null) return last === null ? [] : all.slice(Math.max(0, size - last));
  return all.filter((index) => index >= first && (last === null || index <= last));
}

const position = fc.option(fc.oneof(fc.integer({ min: 0, max: 40 }), fc.constant(Number.MAX_SAFE_INTEGER)), { nil: null });

it('answers the very bytes that the range names, 416 when there are none, and all of them when it cannot be read', () => {
  const seen = { range: 0, unsatisfiable: 0, whole: 0 };
  fc.assert(
    fc.property(position, position, fc.integer({ min: 0, max: 30 }), (first, last, size) => {
      const answer = readRange(`bytes=${first ?? ''}-${last ?? ''}`, size);
      const readable = (first !== null || last !== null) && !(first !== null && last !== null && last < first);
      if (!readable) {
        seen.whole += 1;
        return expect(answer).toBeNull();
      }
      const bytes = named(first, last, size);
      if (bytes.length === 0) {
        seen.unsatisfiable += 1;
        return expect(answer).toBe('unsatisfiable');
      }
      seen.range += 1;
      expect(answer).toEqual({ start: bytes[0], end: bytes.at(-1) });
    }),
    { numRuns: 1000 },
  );
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
});

it.each([undefined, '', 'bytes', 'bytes=', 'bytes=-', 'items=0-1', 'bytes=0-1,3-4', 'bytes=a-b', 'bytes=1-2-3', 'bytes=-1-2', 'bytes=0x1-2', 'bytes 0-1'])('%j is answered with the whole file', (header) => {
  expect(readRange(header, 10)).toBeNull();
});

it.each([['Bytes=0-0', 0, 0], ['bytes= 2-3 ', 2, 3], ['bytes=0-99999999999999999999999', 0, 9]])('%s is read', (header, start, end) => {
  expect(readRange(header, 10)).toEqual({ start, end });
});
