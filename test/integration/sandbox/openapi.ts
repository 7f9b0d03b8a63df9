import { Ajv, type ValidateFunction } from 'ajv';
import { vendorDocument, type OpenApiOperation } from '../../../src/sandbox/api2convert/document.js';

/** A call and its answer, the path below `/v2`. */
export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: string | null;
  readonly body: string;
}

type Schema = Readonly<Record<string, unknown>>;

/** What the vendor's guides and samples say against its own document. */
const OTHERWISE = {
  /** PHP writes an empty object as an empty list; the document's own defaults are `[]`. */
  emptyList: { type: 'array', maxItems: 0 },
  /** Times without a zone: `2017-08-15T17:20:55` (every sample). */
  time: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)?$/,
  /** Statuses of an output that the downloading page adds. */
  outputStatuses: ['enabled', 'disabled', 'expired', 'overuse'],
  /** Whole answers: an object of contracts (contracts page), several inputs for several (client library's functional test). */
  answers: new Map<string, Schema>([
    ['get /contracts 200', { type: 'object', required: ['contracts'], properties: { contracts: { type: 'array', items: { type: 'object', required: ['contract_type', 'contract_creation_date'] } }, credits_remaining: { type: 'integer' } }, additionalProperties: false }],
    ['post /jobs/{job_id}/input 201', { anyOf: [{ $ref: '#/components/schemas/InputFile' }, { type: 'array', items: { $ref: '#/components/schemas/InputFile' } }] }],
  ]),
};

const document = vendorDocument();
const ajv = new Ajv({ strict: false, allErrors: true });
ajv.addFormat('date-time', OTHERWISE.time);
ajv.addFormat('int32', { type: 'number', validate: (value) => Number.isInteger(value) && Math.abs(value) < 2 ** 31 });
ajv.addSchema({ $id: 'vendor', components: { schemas: strictly(document.components.schemas) } });
const validators = new Map<string, ValidateFunction>();

/** Every path, method and status of the document, in its order: `get /jobs 200`. */
export const DOCUMENTED: readonly string[] = Object.entries(document.paths).flatMap(([path, operations]) =>
  Object.entries(operations).flatMap(([method, { responses }]) => Object.keys(responses).map((status) => `${method} ${path} ${status}`)),
);

/** The fields that the document gives a schema. */
export function fieldsOf(name: string): string[] {
  return Object.keys((document.components.schemas[name]?.properties ?? {}));
}

/** What is wrong with an answer by the vendor's document. Paths it does not know (uploads, downloads) are not judged. */
export function violations({ method, path, status, contentType, body }: Exchange): string[] {
  const known = find(path.split('?')[0] ?? '');
  if (known === null) return [];
  const operation = known.operations[method.toLowerCase()];
  const name = `${method.toLowerCase()} ${known.template} ${status}`;
  if (!operation) return status === 404 || status === 405 ? [] : [`${name}: the method is not documented`];
  const schema = schemaFor(operation, name, status);
  if (schema === undefined) return [`${name}: the status is not documented`];
  if (schema === null || status === 204) return body === '' ? [] : [`${name}: has a body`];
  if (!contentType?.startsWith('application/json')) return [`${name}: is ${contentType ?? 'of no type'}`];
  return invalid(name, schema, body);
}

function invalid(name: string, schema: Schema, body: string): string[] {
  const validate = validators.get(name) ?? ajv.compile(rooted(schema));
  validators.set(name, validate);
  try {
    if (validate(JSON.parse(body))) return [];
  } catch {
    return [`${name}: is not JSON`];
  }
  return (validate.errors ?? []).map((error) => `${name}: ${error.instancePath} ${error.message ?? ''} ${JSON.stringify(error.params)}`);
}

/** undefined for a status that is not documented, null for an answer without a body. Refusals beyond the document have the error's shape. */
function schemaFor({ responses }: OpenApiOperation, name: string, status: number): Schema | null | undefined {
  const documented = responses[String(status)];
  if (!documented) return status >= 400 ? { $ref: '#/components/schemas/Error' } : undefined;
  return OTHERWISE.answers.get(name) ?? documented.content?.['application/json']?.schema ?? null;
}

function find(path: string): { template: string; operations: Readonly<Record<string, OpenApiOperation>> } | null {
  const asked = path.split('/');
  const matches = (template: string): boolean => {
    const parts = template.split('/');
    return parts.length === asked.length && parts.every((part, at) => part.startsWith('{') || part === asked[at]);
  };
  const found = Object.entries(document.paths).find(([template]) => matches(template));
  return found ? { template: found[0], operations: found[1] } : null;
}

/** The schemas closed: a field that the document does not name is an error. */
function strictly(schemas: Readonly<Record<string, Schema>>): Schema {
  return Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema, name)]));
}

function closed(schema: Schema, name: string): Schema {
  const { properties, example: _example, default: _default, ...rest } = schema;
  const inner = properties === undefined ? undefined : Object.fromEntries(Object.entries(properties as Record<string, Schema>).map(([field, one]) => [field, closed(one, field)]));
  const outputStatus = name === 'OutputFile' ? { status: { type: 'string', enum: OTHERWISE.outputStatuses } } : {};
  const strict = inner ? { type: 'object', ...rest, properties: { ...inner, ...outputStatus }, additionalProperties: false } : rest;
  return rest.type === 'object' && !('required' in rest) ? { anyOf: [strict, OTHERWISE.emptyList] } : strict;
}

/** References within the document point into the one schema that was added. */
function rooted(schema: Schema): Schema {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components', '"vendor#/components')) as Schema;
}
