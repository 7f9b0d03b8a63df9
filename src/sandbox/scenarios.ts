import { isCallScenarioName, isScenarioName, SCENARIO_NAMES, type CallScenarioName, type JobScenarioName } from './scenario-names.js';
import { isFor, type Call, type JobFacts, type Scenario, type VendorName } from './scenario.js';

/** What waits to happen at the two vendors. First queued, first used. */
export class Scenarios {
  private queue: Scenario[] = [];

  /** `random`: from 0 to 1, for those that only happen by chance. */
  constructor(private readonly random: () => number) {}

  add(scenario: Scenario): void {
    this.queue.push(scenario);
  }

  clear(): void {
    this.queue = [];
  }

  list(): readonly Scenario[] {
    return this.queue;
  }

  /** Takes what is queued for a job with these facts, and what its filenames ask for; `known` are those the job has already. */
  claim(vendor: VendorName, facts: JobFacts, known: readonly Scenario[] = []): Scenario[] {
    const queued = this.queue.filter((one) => !isCallScenarioName(one.name) && isFor(one, vendor, facts) && this.happens(one));
    queued.forEach((one) => this.use(one));
    const named = namedBy(facts, vendor).filter((one) => !isCallScenarioName(one.name) && !known.some((old) => old.name === one.name));
    return [...known, ...queued, ...named];
  }

  /** Takes what should happen to the answer of this call, or null. */
  takeForCall(vendor: VendorName, call: Call, facts: JobFacts): CallScenario | null {
    const meant = (one: Scenario): one is CallScenario => isOfCall(one) && isFor(one, vendor, facts) && spoils(one, call);
    const queued = this.queue.find((one): one is CallScenario => meant(one) && this.happens(one));
    if (queued) this.use(queued);
    return queued ?? namedBy(facts, vendor).find(meant) ?? null;
  }

  private happens({ chance }: Scenario): boolean {
    return chance >= 1 || this.random() < chance;
  }

  private use(scenario: Scenario): void {
    const left = scenario.times - 1;
    this.queue = this.queue.flatMap((one) => (one !== scenario ? [one] : left > 0 ? [{ ...one, times: left }] : []));
  }
}

export interface CallScenario extends Scenario {
  readonly name: CallScenarioName;
}

function isOfCall(scenario: Scenario): scenario is CallScenario {
  return isCallScenarioName(scenario.name);
}

/** The scenario of that name among a job's. */
export function scenarioOf(job: { readonly scenarios: readonly Scenario[] }, name: JobScenarioName): Scenario | undefined {
  return job.scenarios.find((one) => one.name === name);
}

function spoils(scenario: CallScenario, call: Call): boolean {
  const usual = scenario.name === 'create-status' ? 'create' : scenario.name === 'slow-bytes' ? 'download' : 'read';
  const meant = scenario.name === 'create-status' ? 'create' : (scenario.options.call ?? usual);
  return meant === 'any' || meant === call;
}

const IN_A_NAME = new RegExp(`sandbox-(?:(api2convert|runconvert)-)?(${SCENARIO_NAMES.join('|')})(?:-(\\d{1,9}))?(?![a-z0-9])`, 'g');

/** `sandbox-hang.jpg`, `sandbox-create-status-429.jpg`, `sandbox-runconvert-fail.jpg`: a caller without the control plane steers by filename. */
function namedBy({ filenames }: JobFacts, vendor: VendorName): Scenario[] {
  return filenames.flatMap((filename) =>
    [...filename.matchAll(IN_A_NAME)].flatMap(([, at, name = '', number]): Scenario[] => {
      if (!isScenarioName(name) || (at !== undefined && at !== vendor)) return [];
      const value = number === undefined ? undefined : Number(number);
      const options = value === undefined ? {} : { status: value, code: value, n: value, ms: value, delayMs: value };
      return [{ name, vendor, match: {}, times: Number.POSITIVE_INFINITY, chance: 1, options }];
    }),
  );
}
