import { categoryOf, knownFormats } from '../../../src/conversion/formats.js';
import { OPERATIONS } from '../../../src/conversion/operations.js';
import type { StepWish } from '../../../src/conversion/provider.js';
import { offeredPairs, PAIR_POSITION, pairPosition, providersOf, type Offering } from '../../../src/routing/offerings.js';

const offering = (id: string, able: (wish: StepWish) => boolean): Offering => ({ id, offers: (wish) => (able(wish) ? { offered: true } : { offered: false, reason: 'No.' }) });

const painter = offering('painter', ({ operation, from, parameters: { to } }) => operation === 'convert' && categoryOf(from ?? '') === 'image' && categoryOf(String(to)) === 'image');
const printer = offering('printer', ({ operation, parameters: { to } }) => operation === 'convert' && to === 'pdf');

describe('pairs of formats', () => {
  it('every pair that somebody offers, with all who do, and no other', () => {
    const pairs = [...offeredPairs([painter, printer], {})];
    const images = knownFormats().filter((format) => categoryOf(format) === 'image');
    expect(pairs).toHaveLength(images.length ** 2 + knownFormats().length);
    expect(pairs.filter(({ from, to }) => from === 'jpg' && (to === 'png' || to === 'pdf'))).toEqual([
      { from: 'jpg', to: 'pdf', category: 'document', providers: ['printer'] },
      { from: 'jpg', to: 'png', category: 'image', providers: ['painter'] },
    ]);
    expect([...offeredPairs([offering('second', () => true), painter], { from: 'jpg', to: 'png' })][0]?.providers).toEqual(['second', 'painter']);
    expect([...offeredPairs([], {})]).toEqual([]);
  });

  it('only those of a source, of a target, of both', () => {
    expect(new Set([...offeredPairs([painter], { from: 'png' })].map(({ from }) => from))).toEqual(new Set(['png']));
    expect(new Set([...offeredPairs([painter], { to: 'png' })].map(({ to }) => to))).toEqual(new Set(['png']));
    expect([...offeredPairs([painter], { from: 'png', to: 'jpg' })]).toHaveLength(1);
    expect([...offeredPairs([painter], { from: 'png', to: 'mp3' })]).toEqual([]);
    expect([...offeredPairs([painter], { from: 'unheard-of' })]).toEqual([]);
  });

  it('go on after any pair, each once', () => {
    const all = [...offeredPairs([painter, printer], {})].map(pairPosition);
    expect(new Set(all).size).toBe(all.length);
    expect(all.every((position) => PAIR_POSITION.test(position))).toBe(true);
    for (const at of [0, 1, 57, all.length - 2, all.length - 1]) {
      expect([...offeredPairs([painter, printer], { after: all[at] })].map(pairPosition)).toEqual(all.slice(at + 1));
    }
    // A pair that is no longer offered is a place to go on from all the same.
    expect([...offeredPairs([painter], { after: 'png mp3' })][0]).toMatchObject({ from: 'png', to: 'nef' });
  });

  it('are asked for one by one: a page costs a page', () => {
    let asked = 0;
    const counting = offering('counting', () => (asked += 1) > 0);
    const pairs = offeredPairs([counting], {});
    for (let count = 0; count < 10; count += 1) pairs.next();
    expect(asked).toBe(10);
  });
});

describe('who offers an operation', () => {
  const who = (name: string, ...offerings: Offering[]) => providersOf(OPERATIONS.get(name)!, offerings);

  it('whoever does it with some target', () => {
    expect(who('convert', printer, painter, offering('silent', () => false))).toEqual(['printer']);
    expect(who('convert', offering('odd', ({ parameters: { to } }) => to === 'xz'))).toEqual(['odd']);
    expect(who('hash', offering('old', ({ parameters: { to } }) => to === 'md5'), printer)).toEqual(['old']);
  });

  it('is asked with all that the operation needs', () => {
    for (const operation of OPERATIONS.values()) {
      const needed = Object.entries(operation.parameters).filter(([, { required }]) => required).map(([name]) => name);
      const strict = offering('strict', (wish) => wish.operation === operation.name && needed.every((name) => wish.parameters[name] !== undefined));
      expect(who(operation.name, strict)).toEqual(['strict']);
    }
  });
});
