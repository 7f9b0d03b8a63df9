import { Refusal } from '../refusal.js';
import { findEntry } from './catalogue.js';
import { newId, type Conversion, type Input, type JsonObject } from './job.js';

const INPUT_TYPES: ReadonlySet<string> = new Set(['upload', 'remote', 'output', 'input_id', 'gdrive_picker', 'base64', 'cloud']);
const ENGINES: ReadonlySet<string> = new Set(['auto', 'video', 'file', 'website', 'screenshot', 'screenshot_pdf', 'zip']);
const TARGET_TYPES: ReadonlySet<string> = new Set(['amazons3', 'googlecloud', 'azure', 'ftp', 'youtube', 'gdrive']);

/** Reads a conversion of a request. Refuses an unknown target with 400. */
export function readConversion(value: unknown): Conversion {
  const body = readObject(value, 'conversion');
  if (typeof body.target !== 'string' || body.target === '') throw invalid('conversion.target', 'The target of the conversion is missing');
  const category = typeof body.category === 'string' && body.category !== '' ? body.category : null;
  const entry = findEntry(body.target, category);
  if (!entry) throw invalid('conversion.target', `The conversion ${category === null ? '' : `${category}/`}${body.target} does not exist`);
  return {
    id: newId(),
    target: entry.target,
    category: entry.category,
    options: readLoose(body.options),
    metadata: readLoose(body.metadata),
    outputTargets: readList(body.output_target, 'output_target').map(readOutputTarget),
  };
}

/** Reads an input of a request; what its source holds is found out later. */
export function readInput(value: unknown, now: Date): Input {
  const body = readObject(value, 'input');
  const type = typeof body.type === 'string' ? body.type : 'remote';
  if (!INPUT_TYPES.has(type)) throw invalid('input.type', `The input type ${type} does not exist`);
  if (type === 'upload') throw invalid('input.type', 'Files are uploaded to the server of the job');
  if (typeof body.source !== 'string' || body.source === '') throw invalid('input.source', 'The source of the input is missing');
  const engine = typeof body.engine === 'string' ? body.engine : 'auto';
  if (!ENGINES.has(engine)) throw invalid('input.engine', `The engine ${engine} does not exist`);
  return {
    id: newId(),
    type,
    source: body.source,
    engine,
    parameters: readLoose(body.parameters),
    credentials: readLoose(body.credentials),
    options: readLoose(body.options),
    filename: typeof body.filename === 'string' ? body.filename : '',
    contentType: typeof body.content_type === 'string' ? body.content_type : '',
    status: 'downloading',
    bytes: null,
    size: 0,
    checksum: '',
    createdAt: now,
    modifiedAt: now,
  };
}

export function readObject(value: unknown, what: string): JsonObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw invalid(what, `The ${what} must be an object`);
}

/** A missing list is empty; one object stands for a list of one. */
export function readList(value: unknown, what: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  return [readObject(value, what)];
}

/** `[]` is an empty object to this vendor. */
export function readLoose(value: unknown): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

export function readFlag(value: unknown, fallback: boolean, field: string): boolean {
  if (value === undefined || value === null) return fallback;
  if (typeof value === 'boolean') return value;
  throw invalid(field, `The field ${field} must be a boolean`);
}

export function invalid(field: string, message: string): Refusal {
  return new Refusal(400, message, 6, { [field]: message });
}

function readOutputTarget(value: unknown): Conversion['outputTargets'][number] {
  const { type, parameters, credentials } = readObject(value, 'output_target');
  if (typeof type !== 'string' || !TARGET_TYPES.has(type)) throw invalid('output_target.type', 'The output target does not exist');
  return { type, parameters: readLoose(parameters), credentials: readLoose(credentials), status: 'waiting' };
}
