import type { Ledger } from '../ledger.js';
import { Refusal } from '../refusal.js';
import type { JobFacts } from '../scenario.js';
import { newId, newToken, type Conversion, type Input, type Job, type JsonObject } from './job.js';
import { invalid, readConversion, readFlag, readInput, readList, readLoose, readObject } from './read-body.js';

/** Makes a job of the body of `POST /jobs`; nothing runs yet. */
export function createJob(value: unknown, key: string, ledger: Ledger, now: Date): Job {
  const body = readObject(value, 'job');
  if (body.type !== undefined && body.type !== 'job') throw invalid('type', 'The type of the job must be "job"');
  const conversions = readList(body.conversion, 'conversion').map(readConversion);
  const inputs = readList(body.input, 'input').map((input) => readInput(input, now));
  const settings = readSettings(body);
  const id = newId();
  return {
    id,
    key,
    token: newToken(),
    createdAt: now,
    modifiedAt: now,
    ledger: ledger.opened('api2convert', id, key, settings.callback || null),
    errors: [],
    warnings: [],
    history: [],
    stop: new AbortController(),
    conversions,
    inputs,
    outputs: [],
    status: 'incomplete',
    otherWord: null,
    started: false,
    limits: readLoose(body.limits),
    spent: 0,
    scenarios: [],
    ...settings,
  };
}

type Settings = Pick<Job, 'process' | 'failOnInputError' | 'failOnConversionError' | 'notifyStatus' | 'callback' | 'passwords'>;

const DEFAULTS: Settings = { process: true, failOnInputError: true, failOnConversionError: true, notifyStatus: false, callback: '', passwords: [] };

/** The fields of a job that a create and a patch may set; what the body leaves out stays as it was. */
export function readSettings(body: JsonObject, before: Settings = DEFAULTS): Settings {
  return {
    process: readFlag(body.process, before.process, 'process'),
    failOnInputError: readFlag(body.fail_on_input_error, before.failOnInputError, 'fail_on_input_error'),
    failOnConversionError: readFlag(body.fail_on_conversion_error, before.failOnConversionError, 'fail_on_conversion_error'),
    notifyStatus: readFlag(body.notify_status, before.notifyStatus, 'notify_status'),
    callback: readCallback(body.callback, before.callback),
    passwords: body.download_passwords === undefined ? before.passwords : readPasswords(body.download_passwords),
  };
}

function readCallback(value: unknown, before: string): string {
  if (value === undefined || value === null) return before;
  if (value === '') return '';
  const url = typeof value === 'string' ? URL.parse(value) : null;
  if (!url || !url.protocol.startsWith('http')) throw invalid('callback', 'The callback must be an http or https URL');
  return value as string;
}

function readPasswords(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string' && /^[ -~]{0,65000}$/.test(one))) {
    throw new Refusal(400, 'The download passwords can not be used', 6);
  }
  return value as string[];
}

/** What scenarios look at. A remote input is known by its filename and by its URL's last segment. */
export function factsOfParts(inputs: readonly Pick<Input, 'type' | 'source' | 'filename'>[], conversions: readonly Pick<Conversion, 'category' | 'target'>[]): JobFacts {
  return {
    filenames: inputs.flatMap(({ type, source, filename }) => [filename, type === 'remote' ? (URL.parse(source)?.pathname.split('/').at(-1) ?? '') : '']),
    operations: conversions.flatMap(({ category, target }) => [target, `${category}/${target}`]),
  };
}

/** As `factsOfParts`, from a body that was not checked yet. */
export function factsOfBody(value: unknown): JobFacts {
  const body = readLoose(value);
  const objects = (list: unknown): JsonObject[] => (Array.isArray(list) ? list.map(readLoose) : []);
  const word = (one: unknown): string => (typeof one === 'string' ? one : '');
  return factsOfParts(
    objects(body.input).map((input) => ({ type: word(input.type ?? 'remote'), source: word(input.source), filename: word(input.filename) })),
    objects(body.conversion).map(({ category, target }) => ({ category: word(category), target: word(target) })),
  );
}
