import { VoidRound } from './load.ts';

/** Figures of one round, by name; the same names for every contender. */
export type Figures = Readonly<Record<string, number>>;

/**
 * Lets the contenders take turns (A, B, A, B, …), so that whatever the machine does meanwhile happens to all. A round with a wrong answer
 * is run again, and too many of them end the bench. Returns each contender's rounds, in order.
 */
export async function inTurns<C>(contenders: readonly C[], rounds: number, turn: (contender: C) => Promise<Figures>): Promise<Figures[][]> {
  const results: Figures[][] = contenders.map(() => []);
  for (let done = 0, voided = 0; done < rounds; ) {
    try {
      const round: Figures[] = [];
      for (const contender of contenders) round.push(await turn(contender));
      round.forEach((figures, index) => results[index]?.push(figures));
      done += 1;
      process.stderr.write(`round ${done} of ${rounds}\n`);
    } catch (error) {
      voided += 1;
      if (!(error instanceof VoidRound) || voided > 2) throw error;
      process.stderr.write(`a round is void (${error.message}); again\n`);
    }
  }
  return results;
}
