import type { FieldError } from '../conversion/job-body.js';
import type { StepWish } from '../conversion/provider.js';
import { pointerOf, type OptionVerdict } from './option-check.js';
import type { Candidate, PlanStep } from './plan-step.js';

/** What is wrong with a step's options whoever runs it. `pointer` within the step. */
export interface OptionError extends FieldError {
  readonly step: string;
}

/**
 * Options that nobody who may run a step has, and values for one adapter that it does not take: an accepted job would leave them without effect, or fail for
 * them. `others` are providers that the caller left out: an option that one of them has was meant for it.
 */
export function optionErrors(steps: readonly PlanStep[], candidates: readonly Candidate[], others: readonly Candidate[]): readonly OptionError[] {
  return steps.flatMap(({ id, wishes }) => {
    const judged = candidates.map((candidate) => ({ candidate, verdicts: wishes.flatMap((wish) => candidate.judge(wish)), able: wishes.every((wish) => candidate.offers(wish).offered) }));
    const forAdapter = judged.flatMap(({ candidate, verdicts }) => verdicts.filter(isForAdapter).map((verdict) => ({ step: id, pointer: pointerOf(verdict), message: `${candidate.id}: ${verdict.message}` })));
    const able = judged.filter((one) => one.able);
    const options = new Set(able.flatMap(({ verdicts }) => verdicts.filter(({ stranger }) => stranger === true).map(({ option }) => option)));
    const unknown = [...options].flatMap((option) => {
      const said = able.map(({ candidate, verdicts }) => ({ candidate, verdict: verdicts.find((verdict) => verdict.option === option && verdict.stranger === true) }));
      if (said.some(({ verdict }) => verdict === undefined)) return [];
      const elsewhere = others.filter((other) => wishes.some((wish) => knows(other, wish, option))).map((other) => other.id);
      const reasons = said.map(({ candidate, verdict }) => `${candidate.id}: ${verdict?.message ?? ''}`).join(' ');
      return [{ step: id, pointer: pointerOf({ place: 'options', option }), message: `${reasons}${elsewhere.length === 0 ? '' : ` It is an option of ${elsewhere.join(' and ')}.`} GET /v1/operations lists what each takes.` }];
    });
    return [...new Map([...forAdapter, ...unknown].map((error) => [error.pointer, error])).values()];
  });
}

const isForAdapter = ({ place, kind }: OptionVerdict): boolean => kind === 'refused' && place.startsWith('providerOptions/');

function knows(candidate: Candidate, wish: StepWish, option: string): boolean {
  return candidate.offers(wish).offered && !candidate.judge(wish).some((verdict) => verdict.option === option && verdict.stranger === true);
}
