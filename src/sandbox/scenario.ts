import { isScenarioName, SCENARIO_NAMES, type ScenarioName } from './scenario-names.js';

export type VendorName = 'api2convert' | 'runconvert';
export const VENDOR_NAMES: readonly VendorName[] = ['api2convert', 'runconvert'];

/** What a request does, in one word for both vendors; `options.call` of a scenario names one, or `any`. */
export const CALLS = ['create', 'read', 'list', 'upload', 'start', 'cancel', 'input', 'conversion', 'output', 'download', 'webhook', 'catalogue', 'account'] as const;
export type Call = (typeof CALLS)[number];

export interface Scenario {
  readonly name: ScenarioName;
  /** null: whichever vendor comes first. */
  readonly vendor: VendorName | null;
  readonly match: { readonly filename?: string; readonly operation?: string };
  /** For how many jobs (or calls) it still counts. */
  readonly times: number;
  /** How likely it is used where it could be, above 0 and up to 1. */
  readonly chance: number;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What a scenario's `match` looks at. */
export interface JobFacts {
  readonly filenames: readonly string[];
  readonly operations: readonly string[];
}

/** Thrown for a scenario that cannot be meant; the message says why. */
export class BadScenario extends Error {}

/** Reads the body of `POST /sandbox/scenarios`. */
export function readScenario(body: unknown): Scenario {
  const { name, vendor, match, times, chance, options } = record(body, 'The body');
  if (typeof name !== 'string' || !isScenarioName(name)) throw new BadScenario(`"name" must be one of ${SCENARIO_NAMES.join(', ')}.`);
  if (vendor !== undefined && vendor !== 'api2convert' && vendor !== 'runconvert') throw new BadScenario('"vendor" must be "api2convert" or "runconvert".');
  if (times !== undefined && (typeof times !== 'number' || !Number.isInteger(times) || times < 1)) throw new BadScenario('"times" must be a whole number from 1.');
  if (chance !== undefined && (typeof chance !== 'number' || !(chance > 0 && chance <= 1))) throw new BadScenario('"chance" must be a number above 0 and up to 1.');
  const wanted = record(match ?? {}, '"match"');
  const settings = record(options ?? {}, '"options"');
  if (settings.call !== undefined && settings.call !== 'any' && !(CALLS as readonly unknown[]).includes(settings.call)) {
    throw new BadScenario(`"options.call" must be "any" or one of ${CALLS.join(', ')}.`);
  }
  return {
    name,
    vendor: vendor ?? null,
    match: { filename: word(wanted.filename, 'match.filename'), operation: word(wanted.operation, 'match.operation') },
    times: typeof times === 'number' ? times : 1,
    chance: typeof chance === 'number' ? chance : 1,
    options: settings,
  };
}

export function scenarioNumber(scenario: Scenario, option: string, fallback: number): number {
  const value = scenario.options[option];
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}

export function scenarioText(scenario: Scenario, option: string, fallback: string): string {
  const value = scenario.options[option];
  return typeof value === 'string' ? value : fallback;
}

/** Whether `scenario` is meant for a job with these facts at this vendor. */
export function isFor(scenario: Scenario, vendor: VendorName, facts: JobFacts): boolean {
  const { filename, operation } = scenario.match;
  if (scenario.vendor !== null && scenario.vendor !== vendor) return false;
  if (filename !== undefined && !facts.filenames.some((one) => one.includes(filename))) return false;
  return operation === undefined || facts.operations.includes(operation);
}

function record(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new BadScenario(`${what} must be a JSON object.`);
}

function word(value: unknown, what: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  throw new BadScenario(`"${what}" must be a string.`);
}
