import fc from 'fast-check';
import type { Step } from '../../../src/conversion/job-graph.js';
import { outputSteps } from '../../../src/conversion/job-graph.js';
import { orderSteps } from '../../../src/conversion/step-order.js';

const step = (id: string, inputs: readonly string[]): Step => ({ id, operation: 'convert', inputs, parameters: {}, options: {}, providerOptions: {} });

/** Any graph, circles and all: up to twelve steps, each over any others and an input. */
const anyGraph = fc
  .integer({ min: 1, max: 12 })
  .chain((count) => fc.array(fc.uniqueArray(fc.integer({ min: -1, max: count - 1 }), { maxLength: 4 }), { minLength: count, maxLength: count }))
  .map((edges) => edges.map((inputs, index) => step(`s${index}`, inputs.filter((from) => from !== index).map((from) => (from < 0 ? 'file' : `s${from}`)))));

/** Whether following inputs from some step leads back to it: every path tried, nothing clever. */
function goesRound(steps: readonly Step[]): boolean {
  const inputsOf = new Map(steps.map(({ id, inputs }) => [id, inputs]));
  return steps.some(({ id }) => {
    const seen = new Set<string>();
    const reach = (from: string): boolean =>
      (inputsOf.get(from) ?? []).some((to) => {
        if (to === id) return true;
        if (seen.has(to)) return false;
        seen.add(to);
        return reach(to);
      });
    return reach(id);
  });
}

it('puts every step behind what it takes, or tells a circle: never both, never neither', () => {
  let circles = 0;
  fc.assert(
    fc.property(anyGraph, (steps) => {
      const order = orderSteps(steps);
      expect('cycle' in order).toBe(goesRound(steps));
      if ('cycle' in order) {
        circles += 1;
        expect(order.cycle.length).toBeGreaterThan(0);
        expect(new Set(order.cycle).size).toBe(order.cycle.length);
        order.cycle.forEach((id, index) => {
          const before = order.cycle[(index + order.cycle.length - 1) % order.cycle.length];
          expect(steps.find((candidate) => candidate.id === id)?.inputs).toContain(before);
        });
        return;
      }
      expect([...order.ordered].sort((a, b) => (a.id < b.id ? -1 : 1))).toEqual([...steps].sort((a, b) => (a.id < b.id ? -1 : 1)));
      const seen = new Set(['file']);
      for (const { id, inputs } of order.ordered) {
        expect(inputs.every((name) => seen.has(name))).toBe(true);
        seen.add(id);
      }
    }),
    { numRuns: 500 },
  );
  // A control: the graphs were of both kinds.
  expect(circles).toBeGreaterThan(20);
  expect(circles).toBeLessThan(480);
});

it('keeps the caller\'s order where nothing speaks against it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), (count) => {
      const steps = Array.from({ length: count }, (_, index) => step(`s${index}`, ['file']));
      expect(orderSteps(steps)).toEqual({ ordered: steps });
    }),
  );
});

it('the results that nobody takes are the outputs', () => {
  const steps = [step('a', ['file']), step('b', ['a']), step('c', ['a']), step('d', ['c', 'file'])];
  expect(outputSteps(steps).map(({ id }) => id)).toEqual(['b', 'd']);
});
