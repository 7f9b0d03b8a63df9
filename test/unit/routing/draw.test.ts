import { drawnOrder, drawOf } from '../../../src/routing/draw.js';

type Graph = Parameters<typeof drawOf>[0];

const graph = (more: Partial<Graph> = {}): Graph => ({
  inputs: [{ id: 'file', type: 'url', url: 'https://example.com/a.jpg', fetch: 'provider' }],
  steps: [{ id: 'png', operation: 'convert', inputs: ['file'], parameters: { to: 'png' }, options: {}, providerOptions: {} }],
  exports: [], tag: null, metadata: {}, ...more,
});

it('a job is always drawn alike, whatever it wishes of routing, and another one otherwise', () => {
  const wishing = { ...graph(), routing: { strategy: 'weighted' }, webhook: { url: 'https://example.com' } };
  expect(drawOf(wishing)('word')).toBe(drawOf(graph())('word'));
  expect(drawOf(graph({ tag: 'two' }))('word')).not.toBe(drawOf(graph())('word'));
  expect(drawOf(graph({ metadata: { a: '1', b: '2' } }))('word')).toBe(drawOf(graph({ metadata: { b: '2', a: '1' } }))('word'));
  expect(drawOf(graph())('other')).not.toBe(drawOf(graph())('word'));
});

it('draws lie evenly between 0 and 1', () => {
  const draws = Array.from({ length: 2000 }, (_, index) => drawOf(graph({ tag: String(index) }))('word'));
  expect(draws.every((draw) => draw >= 0 && draw < 1)).toBe(true);
  for (const below of [0.02, 0.25, 0.5, 0.75]) expect(Math.abs(draws.filter((draw) => draw < below).length / 2000 - below)).toBeLessThan(0.04);
});

it('who weighs nothing comes last, in the order that was given', () => {
  const all = [{ id: 'a', weight: 0 }, { id: 'b', weight: 2 }, { id: 'c', weight: 0 }, { id: 'd' }];
  for (let tag = 0; tag < 20; tag += 1) expect(drawnOrder(all, drawOf(graph({ tag: String(tag) }))).slice(2).map(({ id }) => id)).toEqual(['a', 'c']);
});
