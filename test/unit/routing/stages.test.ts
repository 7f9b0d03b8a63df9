import fc from 'fast-check';
import type { Candidate, PlanStep } from '../../../src/routing/plan-step.js';
import { cutStages } from '../../../src/routing/stages.js';

const candidate = (id: string, wholeGraph: boolean): Candidate => ({ id, wholeGraph, offers: () => ({ offered: true }), takes: () => ({ offered: true }), delivers: () => ({ offered: true }), judge: () => [], price: () => null, seconds: () => 1 });
const CANDIDATES = [candidate('whole', true), candidate('whole-too', true), candidate('flat', false), candidate('flat-too', false)];

interface Assigned {
  readonly steps: readonly PlanStep[];
  readonly assignment: ReadonlyMap<string, Candidate>;
}

/** Any graph in order, each step at any of four providers: two that run whole graphs, two that apply everything to every file. */
const assigned: fc.Arbitrary<Assigned> = fc
  .array(fc.record({ over: fc.uniqueArray(fc.nat({ max: 20 }), { maxLength: 3 }), at: fc.nat({ max: CANDIDATES.length - 1 }) }), { minLength: 1, maxLength: 12 })
  .map((drawn) => {
    const steps = drawn.map(({ over }, index): PlanStep => ({ id: `s${index}`, inputs: over.map((from) => (from < index ? `s${from}` : `file${from % 3}`)).filter((id, place, all) => all.indexOf(id) === place), wishes: [], files: [], exports: [], consumed: false }));
    return { steps, assignment: new Map(drawn.map(({ at }, index) => [`s${index}`, CANDIDATES[at] as Candidate])) };
  });

it('every step is in exactly one stage, at the provider it was given to', () => {
  fc.assert(
    fc.property(assigned, ({ steps, assignment }) => {
      const stages = cutStages(steps, assignment);
      expect(stages.flatMap(({ stepIds }) => stepIds).sort()).toEqual(steps.map(({ id }) => id).sort());
      for (const { provider, stepIds } of stages) for (const id of stepIds) expect(assignment.get(id)?.id).toBe(provider);
    }),
    { numRuns: 500 },
  );
});

it('a stage needs exactly what its steps take from other stages', () => {
  fc.assert(
    fc.property(assigned, ({ steps, assignment }) => {
      for (const { stepIds, needs } of cutStages(steps, assignment)) {
        const taken = steps.filter(({ id }) => stepIds.includes(id)).flatMap(({ inputs }) => inputs).filter((id) => id.startsWith('s') && !stepIds.includes(id));
        expect([...needs].sort()).toEqual([...new Set(taken)].sort());
      }
    }),
    { numRuns: 500 },
  );
});

it('stages never wait for each other in a circle: done one by one, all get done', () => {
  let several = 0;
  fc.assert(
    fc.property(assigned, ({ steps, assignment }) => {
      const waiting = [...cutStages(steps, assignment)];
      if (waiting.length > 2) several += 1;
      const done = new Set<string>();
      while (waiting.length > 0) {
        const next = waiting.findIndex(({ needs }) => needs.every((id) => done.has(id)));
        expect(next).toBeGreaterThanOrEqual(0);
        for (const { stepIds } of waiting.splice(next, 1)) stepIds.forEach((id) => done.add(id));
      }
    }),
    { numRuns: 500 },
  );
  expect(several).toBeGreaterThan(100);
});

it('within a stage a step follows what it takes; where everything is applied to every file, nobody takes from anybody and all take the same', () => {
  let shared = 0;
  fc.assert(
    fc.property(assigned, ({ steps, assignment }) => {
      const inputsOf = new Map(steps.map(({ id, inputs }) => [id, inputs]));
      for (const { stepIds } of cutStages(steps, assignment)) {
        stepIds.forEach((id, index) => expect((inputsOf.get(id) ?? []).filter((from) => stepIds.includes(from)).every((from) => stepIds.indexOf(from) < index)).toBe(true));
        if (assignment.get(stepIds[0] ?? '')?.wholeGraph === true) continue;
        if (stepIds.length > 1) shared += 1;
        expect(new Set(stepIds.map((id) => JSON.stringify(inputsOf.get(id)))).size).toBe(1);
        // Steps without files (captures) have nothing in common: each is a job of its own.
        if ((inputsOf.get(stepIds[0] ?? '') ?? []).length === 0) expect(stepIds).toHaveLength(1);
      }
    }),
    { numRuns: 500 },
  );
  expect(shared).toBeGreaterThan(20);
});

it('a whole graph at one provider that can is one stage', () => {
  fc.assert(
    fc.property(assigned, ({ steps }) => {
      expect(cutStages(steps, new Map(steps.map(({ id }) => [id, candidate('whole', true)])))).toHaveLength(1);
    }),
  );
});
