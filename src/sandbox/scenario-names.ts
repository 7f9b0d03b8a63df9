/** Scenarios that belong to a job from its create to its end. */
const OF_JOBS = [
  'hang',
  'drop-create-answer',
  'vanish',
  'fail',
  'success-without-file',
  'wrong-file',
  'disabled-output',
  'unknown-status',
  'no-callback',
  'duplicate-callback',
  'late-callback',
  'reordered-callback',
  'forged-callback',
  'unsigned-callback',
] as const;

/** Scenarios that spoil the answer to one call. */
const OF_CALLS = ['create-status', 'status', 'garbage', 'empty-body', 'html', 'slow-bytes'] as const;

export type JobScenarioName = (typeof OF_JOBS)[number];
export type CallScenarioName = (typeof OF_CALLS)[number];
export type ScenarioName = JobScenarioName | CallScenarioName;

export const SCENARIO_NAMES: readonly ScenarioName[] = [...OF_JOBS, ...OF_CALLS];

export function isScenarioName(word: string): word is ScenarioName {
  return (SCENARIO_NAMES as readonly string[]).includes(word);
}

export function isCallScenarioName(name: ScenarioName): name is CallScenarioName {
  return (OF_CALLS as readonly string[]).includes(name);
}
