import type { CatalogueEntry, OptionSchema } from '../../../src/conversion/catalogue.js';
import { DriftTally, hasDrifted } from '../../../src/conversion/catalogue-diff.js';

const entry = (to: string, properties: Record<string, OptionSchema> = {}, more: Partial<CatalogueEntry> = {}): CatalogueEntry => ({
  operation: 'convert', name: `image/${to}`, from: null, to, options: { type: 'object', properties, additionalProperties: false }, credits: null, ...more,
});
const driftOf = (before: readonly CatalogueEntry[], after: readonly CatalogueEntry[]) => new DriftTally().older(before).newer(after).drift();

describe('what changed between two versions of a catalogue', () => {
  it('nothing, in whatever order the vendor tells it', () => {
    const quality = { type: 'integer', minimum: 1, maximum: 100 };
    const [one, other] = [[entry('png', { a: quality, b: {} }), entry('jpg')], [entry('jpg'), entry('png', { b: {}, a: { maximum: 100, minimum: 1, type: 'integer' } })]];
    const drift = driftOf(one, other);
    expect(drift.counts).toEqual({ added: 0, removed: 0, options: 0, price: 0 });
    expect(hasDrifted(drift)).toBe(false);
  });

  it('targets, pairs and operations that came and went, by name', () => {
    const drift = driftOf(
      [entry('png'), entry('gif'), entry('png', {}, { from: 'jpg', name: 'convert' }), entry('', {}, { operation: null, name: 'operation/old', to: null })],
      [entry('png'), entry('webp'), entry('png', {}, { from: 'bmp', name: 'convert' }), entry('', {}, { operation: 'compress', name: 'operation/compress', to: null })],
    );
    expect(drift.counts).toEqual({ added: 3, removed: 3, options: 0, price: 0 });
    expect(drift.examples.added).toEqual(['convert to webp', 'convert bmp to png', 'compress']);
    expect(drift.examples.removed).toEqual(['convert to gif', 'convert jpg to png', 'operation/old']);
  });

  it('options, each by its name, and prices', () => {
    const drift = driftOf(
      [entry('png', { dpi: { type: 'integer' }, color: { enum: ['a', 'b'] } }, { credits: 1 }), entry('jpg', {}, { credits: 2 }), entry('gif', {}, { credits: null })],
      [entry('png', { dpi: { type: 'integer' }, color: { enum: ['a'] }, depth: {} }, { credits: 1 }), entry('jpg', {}, { credits: 3 }), entry('gif', {}, { credits: 1 })],
    );
    expect(drift.counts).toEqual({ added: 0, removed: 0, options: 1, price: 2 });
    expect(drift.examples.options).toEqual(['convert to png (color, depth)']);
    expect(drift.examples.price).toEqual(['convert to jpg: 2 to 3', 'convert to gif: unknown to 1']);
  });

  it('not what the vendor was only not asked about this time', () => {
    const unasked = entry('png', {}, { options: null });
    expect(hasDrifted(driftOf([unasked], [entry('png', { a: {} }, { credits: 4 })]))).toBe(false);
    expect(hasDrifted(driftOf([entry('png', { a: {} }, { credits: 4 })], [unasked]))).toBe(false);
    // The control: being listed at all is not a matter of asking.
    expect(driftOf([], [unasked]).counts.added).toBe(1);
  });

  it('with all of the counts, and of the examples the first ten', () => {
    const many = Array.from({ length: 500 }, (_, index) => entry(`t${index}`));
    const tally = new DriftTally().older(many.slice(0, 250)).older(many.slice(250)).newer(many.slice(480, 490)).newer(many.slice(490));
    const { counts, examples } = tally.drift();
    expect(counts).toEqual({ added: 0, removed: 480, options: 0, price: 0 });
    expect(examples.removed).toHaveLength(10);
  });
});
