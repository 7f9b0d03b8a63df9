import { z } from 'zod';

const weight = z.number('must be a number that is not negative').nonnegative('must be a number that is not negative').max(1000, 'must be at most 1000').default(1);

const balanced = z
  .strictObject({ cost: weight, speed: weight, reliability: weight })
  .refine(({ cost, speed, reliability }) => cost + speed + reliability > 0, 'needs a weight above 0: of cost, speed or reliability');

/** What counts how much for the strategy "balanced". */
export type Balanced = z.output<typeof balanced>;

/** How providers are chosen, whatever a job says. */
export const routing = z.strictObject({ balanced: balanced.optional() }).optional();
