import type { OpenApiDocument, OpenApiOperation } from './document.js';
import type { JsonObject } from './job.js';

const JSON_ONLY = ['application/json'];

/** The document in Swagger 2.0: what is written in both is the same, word for word. `host` includes the port. */
export function toSwagger(document: OpenApiDocument, host: string): JsonObject {
  const { info, tags, paths, components } = document;
  const whole = {
    ...{ swagger: '2.0', info, host, basePath: '/v2', schemes: ['http'], consumes: JSON_ONLY, produces: JSON_ONLY, tags },
    paths: mapped(paths, (operations) => mapped(operations, (operation) => toOperation(operation, components.requestBodies))),
    definitions: components.schemas,
  };
  return JSON.parse(JSON.stringify(whole).replaceAll('#/components/schemas/', '#/definitions/')) as JsonObject;
}

function toOperation({ requestBody, parameters = [], responses, ...rest }: OpenApiOperation, bodies: OpenApiDocument['components']['requestBodies']): JsonObject {
  const named = typeof requestBody?.$ref === 'string' ? bodies[requestBody.$ref.split('/').at(-1) ?? ''] : requestBody;
  const body = named ? [{ in: 'body', name: 'body', description: named.description, required: named.required === true, schema: schemaOf(named) }] : [];
  return {
    ...rest,
    parameters: [...once(parameters).map(toParameter), ...body],
    responses: mapped(responses, (response) => ({ description: response.description, schema: schemaOf(response) })),
  };
}

function toParameter({ schema, ...parameter }: JsonObject): JsonObject {
  return { ...parameter, ...(schema as JsonObject | undefined) };
}

function schemaOf({ content }: { readonly content?: unknown }): JsonObject | undefined {
  return (content as Record<string, { schema?: JsonObject }> | undefined)?.['application/json']?.schema;
}

/** The document names one header twice; Swagger 2.0 takes a name once. */
function once(parameters: readonly JsonObject[]): JsonObject[] {
  return [...new Map(parameters.map((parameter) => [`${String(parameter.in)} ${String(parameter.name)}`, parameter])).values()];
}

function mapped<T>(record: Readonly<Record<string, T>>, change: (value: T) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}
