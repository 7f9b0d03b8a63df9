import { Decimal } from 'decimal.js';
import fc from 'fast-check';
import { assignSteps, type Choice } from '../../../src/routing/assign.js';
import type { Candidate, PlanStep } from '../../../src/routing/plan-step.js';

const PROVIDERS = ['p0', 'p1', 'p2'].map((id): Candidate => ({ id, wholeGraph: true, offers: () => ({ offered: true }), takes: () => ({ offered: true }), delivers: () => ({ offered: true }), judge: () => [], price: () => null, seconds: () => 1 }));

interface Drawn {
  readonly steps: readonly PlanStep[];
  readonly choices: ReadonlyMap<string, readonly Choice[]>;
}

/** Up to six steps over each other and three files; each is offered by some of three providers, at a price or at none that is known. */
const drawn: fc.Arbitrary<Drawn> = fc
  .array(
    fc.record({
      over: fc.uniqueArray(fc.nat({ max: 8 }), { maxLength: 3 }),
      offers: fc.uniqueArray(fc.record({ rank: fc.nat({ max: PROVIDERS.length - 1 }), cents: fc.option(fc.nat({ max: 4 }), { nil: null }), losses: fc.nat({ max: 2 }) }), { minLength: 1, maxLength: 3, selector: ({ rank }) => rank }),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((entries) => ({
    steps: entries.map(({ over }, index) => ({ id: `s${index}`, inputs: [...new Set(over.map((from) => (from < index ? `s${from}` : `file${from % 3}`)))], wishes: [], files: [], exports: [], consumed: false })),
    choices: new Map(
      entries.map(({ offers }, index) => [
        `s${index}`,
        offers.map(({ rank, cents, losses }) => ({ candidate: PROVIDERS[rank] as Candidate, rank, losses, price: cents === null ? null : new Decimal(cents).div(100) })),
      ]),
    ),
  }));

/** Steps at an unknown price, cents, lost options, files that travel (each once to each provider), and how far down the list the providers stand. */
function costOf({ steps, choices }: Drawn, assignment: ReadonlyMap<string, Candidate>): number[] {
  const taken = steps.map(({ id }) => choices.get(id)?.find(({ candidate }) => candidate === assignment.get(id)) as Choice);
  const travels = new Set(steps.flatMap(({ id, inputs }) => inputs.filter((from) => assignment.get(from) !== assignment.get(id)).map((from) => `${from} to ${assignment.get(id)?.id ?? ''}`)));
  const known = taken.map(({ price }) => price).filter((price) => price !== null);
  return [taken.length - known.length, known.reduce((sum, price) => sum.add(price), new Decimal(0)).mul(100).toNumber(), taken.reduce((sum, { losses }) => sum + losses, 0), travels.size, taken.reduce((sum, { rank }) => sum + rank, 0)];
}

function everyAssignment({ steps, choices }: Drawn): ReadonlyMap<string, Candidate>[] {
  return steps.reduce<ReadonlyMap<string, Candidate>[]>(
    (all, { id }) => all.flatMap((before) => (choices.get(id) ?? []).map(({ candidate }) => new Map([...before, [id, candidate]]))),
    [new Map()],
  );
}

const compare = (one: readonly number[], other: readonly number[]): number => one.map((figure, index) => figure - (other[index] ?? 0)).find((difference) => difference !== 0) ?? 0;

it('no other assignment is better: every one of them tried', () => {
  let split = 0;
  fc.assert(
    fc.property(drawn, (problem) => {
      const found = assignSteps(problem.steps, problem.choices);
      expect([...found.keys()].sort()).toEqual(problem.steps.map(({ id }) => id).sort());
      const best = everyAssignment(problem).map((assignment) => costOf(problem, assignment)).reduce((one, other) => (compare(other, one) < 0 ? other : one));
      expect(costOf(problem, found)).toEqual(best);
      if (new Set(found.values()).size > 1) split += 1;
    }),
    { numRuns: 400 },
  );
  expect(split).toBeGreaterThan(40);
});

/** Six providers, and prices that are nearly always the same: what decides is who is where already, and the order. */
const CROWD = ['p0', 'p1', 'p2', 'p3', 'p4', 'p5'].map((id): Candidate => ({ ...(PROVIDERS[0] as Candidate), id }));
const tied: fc.Arbitrary<Drawn> = fc
  .array(
    fc.record({
      over: fc.uniqueArray(fc.nat({ max: 8 }), { maxLength: 3 }),
      offers: fc.uniqueArray(fc.record({ rank: fc.nat({ max: CROWD.length - 1 }), dear: fc.nat({ max: 9 }) }), { minLength: 1, maxLength: 5, selector: ({ rank }) => rank }),
    }),
    { minLength: 2, maxLength: 6 },
  )
  .map((entries) => ({
    steps: entries.map(({ over }, index) => ({ id: `s${index}`, inputs: [...new Set(over.map((from) => (from < index ? `s${from}` : `file${from % 3}`)))], wishes: [], files: [], exports: [], consumed: false })),
    choices: new Map(entries.map(({ offers }, index) => [`s${index}`, offers.map(({ rank, dear }) => ({ candidate: CROWD[rank] as Candidate, rank, losses: 0, price: new Decimal(dear === 0 ? '0.02' : '0.01') }))])),
  }));

it('nor where nearly everything is a tie, and the files that travel decide', () => {
  const travelled = new Set<number>();
  fc.assert(
    fc.property(tied, (problem) => {
      const all = everyAssignment(problem).map((assignment) => costOf(problem, assignment));
      const best = all.reduce((one, other) => (compare(other, one) < 0 ? other : one));
      expect(costOf(problem, assignSteps(problem.steps, problem.choices))).toEqual(best);
      if (all.some((other) => other[1] === best[1] && other[3] !== best[3])) travelled.add(best[3] ?? 0);
    }),
    { numRuns: 150 },
  );
  // The control: travelling made a difference, and could not always be avoided.
  expect(travelled.size).toBeGreaterThan(3);
});

it('the largest graph that is taken is planned in bounded time, which the bench measures', () => {
  const steps = Array.from({ length: 64 }, (_, index): PlanStep => ({ id: `s${index}`, inputs: index === 0 ? ['file'] : [`s${index - 1}`, `s${Math.floor(index / 2)}`].filter((id, place, all) => all.indexOf(id) === place && id !== `s${index}`), wishes: [], files: [], exports: [], consumed: false }));
  const choices = new Map(steps.map(({ id }, index) => [id, PROVIDERS.map((candidate, rank): Choice => ({ candidate, rank, losses: 0, price: new Decimal(((index * 7 + rank * 3) % 5) + 1) }))]));
  const before = performance.now();
  const found = assignSteps(steps, choices);
  expect(found.size).toBe(64);
  expect(performance.now() - before).toBeLessThan(20_000);
});

it('nor is a large one whose steps could all be run by many', () => {
  const steps = Array.from({ length: 64 }, (_, index): PlanStep => ({ id: `s${index}`, inputs: index === 0 ? ['file'] : [...new Set([`s${index - 1}`, `s${Math.floor(index / 3)}`])].filter((id) => id !== `s${index}`), wishes: [], files: [], exports: [], consumed: false }));
  const choices = new Map(steps.map(({ id }, index) => [id, CROWD.flatMap((candidate, rank): Choice[] => ((index * 7 + rank * 5) % 4 < 2 ? [{ candidate, rank, losses: 0, price: null }] : []))]));
  const before = performance.now();
  expect(assignSteps(steps, choices).size).toBe(64);
  expect(performance.now() - before).toBeLessThan(20_000);
});
