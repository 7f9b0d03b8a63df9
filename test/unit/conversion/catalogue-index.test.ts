import type { CatalogueEntry, OptionSchema } from '../../../src/conversion/catalogue.js';
import { CatalogueIndex, indexOf } from '../../../src/conversion/catalogue-index.js';

const schema = (properties: Record<string, OptionSchema>, additionalProperties = false) => ({ type: 'object' as const, properties, additionalProperties });
const entry = (operation: string | null, from: string | null, to: string | null, more: Partial<CatalogueEntry> = {}): CatalogueEntry => ({ operation, name: operation ?? 'operation/new', from, to, options: null, credits: null, ...more });

const QUALITY: OptionSchema = { type: 'integer', minimum: 1, maximum: 100 };

describe('a catalogue of targets', () => {
  const index = indexOf({ entries: [entry('convert', null, 'png', { options: schema({ quality: QUALITY }) }), entry('convert', null, 'pdf', { options: schema({ dpi: {} }) }), entry('compress', null, null), entry(null, null, null)], covers: ['*'] });

  it('lists a target for every source, and no other target', () => {
    expect(index.listing('convert', 'jpg', 'png')).toBe('listed');
    expect(index.listing('convert', null, 'png')).toBe('listed');
    expect(index.listing('convert', 'jpg', 'webp')).toBe('unlisted');
    expect(index.listsPair('convert', 'jpg', 'png')).toBe(false);
  });

  it('lists an operation without targets by its name alone', () => {
    expect(index.listing('compress', 'png', null)).toBe('listed');
    expect(index.listing('resize', 'png', null)).toBe('unlisted');
    expect(index.listing('__proto__', 'png', null)).toBe('unlisted');
    expect(index.size).toBe(4);
  });

  it('tells the options of a target, and of all of them together', () => {
    expect(index.options('convert', 'jpg', 'png')).toEqual(schema({ quality: QUALITY }));
    expect(index.options('convert', null, null)).toEqual(schema({ quality: QUALITY, dpi: {} }));
    expect(index.options('compress', 'png', null)).toBeNull();
    expect(index.options('resize', null, null)).toBeNull();
  });
});

describe('a catalogue of pairs', () => {
  const halfAsGood: OptionSchema = { type: 'integer', minimum: 1, maximum: 50 };
  const half = schema({ quality: halfAsGood });
  const index = indexOf({
    entries: [
      entry('convert', 'jpg', 'png', { options: schema({ quality: QUALITY }), credits: 1 }), entry('convert', 'bmp', 'png', { options: half, credits: 1 }),
      entry('convert', 'docx', 'pdf', { options: schema({}, true), credits: 3 }), entry('compress', 'png', null, { credits: 2 }),
    ],
    covers: ['convert', 'ocr'],
  }, ['compress gif *']);

  it('lists a pair and no other, and a target where nobody knows the source', () => {
    expect(index.listing('convert', 'jpg', 'png')).toBe('listed');
    expect(index.listing('convert', 'jpg', 'pdf')).toBe('unlisted');
    expect(index.listing('convert', null, 'pdf')).toBe('listed');
    expect(index.listing('convert', 'jpg', 'gif')).toBe('unlisted');
    expect(index.listsPair('convert', 'jpg', 'png')).toBe(true);
  });

  it('says nothing of what it may only not tell, and knows what is gone', () => {
    expect(index.listing('compress', 'png', null)).toBe('listed');
    expect(index.listing('compress', 'jpg', null)).toBe('silent');
    expect(index.listing('compress', 'gif', null)).toBe('unlisted');
    expect(index.listing('thumbnail', 'jpg', 'png')).toBe('silent');
    expect(index.listing('ocr', 'png', 'txt')).toBe('unlisted');
  });

  it('tells options and prices of a pair; of several what they share or what any takes', () => {
    expect(index.options('convert', 'bmp', 'png')).toEqual(half);
    expect(index.options('convert', null, 'png')).toEqual(schema({ quality: { anyOf: [QUALITY, halfAsGood] } }));
    expect(index.options('convert', null, null)?.additionalProperties).toBe(true);
    expect(index.credits('convert', 'docx', 'pdf')).toBe(3);
    expect(index.credits('convert', null, 'png')).toBe(1);
    expect(index.credits('convert', null, null)).toBeNull();
    expect(index.credits('compress', null, null)).toBe(2);
  });

  it('is the same filled in slices', () => {
    const entries = Array.from({ length: 300 }, (_, at) => entry('convert', `f${at % 20}`, `t${at}`));
    const sliced = new CatalogueIndex(new Set(['*']));
    for (let at = 0; at < entries.length; at += 100) sliced.add(entries.slice(at, at + 100));
    expect(sliced).toEqual(indexOf({ entries, covers: ['*'] }));
  });

  it('leaves an option open that is said in too many ways to tell', () => {
    const entries = Array.from({ length: 40 }, (_, at) => entry('convert', null, `t${at}`, { options: schema({ level: { maximum: at }, same: QUALITY }) }));
    expect(indexOf({ entries, covers: ['*'] }).options('convert', null, null)).toEqual(schema({ level: {}, same: QUALITY }));
  });
});
