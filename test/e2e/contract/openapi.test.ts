import { problemOf, scene, type Scene } from './scene.js';

type Schema = Readonly<Record<string, unknown>>;
interface Operation {
  readonly summary?: string;
  readonly description?: string;
  readonly operationId?: string;
  readonly security?: unknown;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly description?: string; readonly schema?: unknown }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Schema; readonly example?: unknown; readonly examples?: Readonly<Record<string, { readonly value: unknown }>> }>> };
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }>>;
}
interface Document {
  readonly openapi: string;
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>>; readonly securitySchemes?: Readonly<Record<string, unknown>> };
}

let stage: Scene;
let document: Document;
beforeAll(async () => {
  stage = await scene();
  document = (await (await fetch(`${stage.gateway.url}/openapi.json`)).json()) as Document;
});
afterAll(() => stage.close());

const operations = () => Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, path, operation })));
const of = (name: string): Operation => {
  const found = operations().find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`${name} is not documented; there are ${operations().map((one) => one.name).join(', ')}`);
  return found.operation;
};

describe('the document of the API', () => {
  test('is OpenAPI 3 that says what it is, how to come in, and has a page', async () => {
    expect(document).toMatchObject({ openapi: expect.stringMatching(/^3\.[01]\.\d/) as string, info: { title: expect.stringMatching(/./) as string, version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string } });
    expect(Object.values(document.components.securitySchemes ?? {})).toContainEqual(expect.objectContaining({ type: 'http', scheme: 'bearer' }));
    const page = await fetch(`${stage.gateway.url}/docs`);
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringMatching(/^text\/html/)]);
  });

  test('names every route of today, and none of tomorrow', () => {
    const names = operations().map(({ name }) => name);
    for (const name of ['POST /v1/jobs', 'GET /v1/jobs', 'GET /v1/jobs/{id}', 'POST /v1/jobs/{id}/cancel', 'POST /v1/jobs/{id}/retry', 'GET /v1/jobs/{id}/events', 'PUT /v1/jobs/{id}/inputs/{inputId}/content', 'GET /v1/jobs/{id}/outputs/{outputId}/content', 'POST /v1/convert', 'GET /v1/formats', 'GET /v1/operations', 'GET /v1/webhook-secret', 'POST /v1/quotes', 'GET /v1/jobs/{id}/decision', 'POST /v1/callbacks/{providerId}/{token}', 'GET /v1/providers', 'GET /v1/providers/{id}', 'PATCH /v1/providers/{id}', 'GET /v1/providers/{id}/unmapped-errors', 'GET /v1/usage', 'GET /v1/providers/{id}/callbacks', 'POST /v1/providers/{id}/callbacks/{callbackId}/replay', 'GET /health/live', 'GET /health/ready']) expect(names).toContain(name);
    expect(names.filter((name) => /webhook-endpoints|webhook-deliveries|api-keys/.test(name))).toEqual([]);
  });

  test('every route it names is there', async () => {
    for (const { name } of operations()) {
      const [method = '', path = ''] = name.split(' ');
      const answer = await stage.gateway.call(path.replaceAll(/\{[^}]+\}/g, '01900000-0000-7000-8000-000000000000'), { method });
      const text = await answer.text();
      expect(`${name}: ${text}`).not.toContain('There is nothing at this address');
      expect(`${name}: ${answer.status}`).not.toMatch(/: (405|5\d\d)/);
    }
  });

  test('every reference leads somewhere, operation ids are unique', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name ?? '');
    expect(references.length).toBeGreaterThan(10);
    expect(references.filter((name) => document.components.schemas[name] === undefined)).toEqual([]);
    const ids = operations().flatMap(({ operation }) => operation.operationId ?? []);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('every route, parameter, answer and field is described', () => {
    const bare: string[] = [];
    for (const { name, path, operation } of operations()) {
      if ((operation.summary ?? operation.description ?? '') === '') bare.push(name);
      for (const [status, answer] of Object.entries(operation.responses)) if ((answer.description ?? '') === '') bare.push(`${name} ${status}`);
      for (const parameter of operation.parameters ?? []) if ((parameter.description ?? '') === '') bare.push(`${name} ${parameter.in} ${parameter.name}`);
      const inPath = [...path.matchAll(/\{([^}]+)\}/g)].map(([, parameter]) => parameter);
      for (const parameter of inPath) if (operation.parameters?.some((one) => one.in === 'path' && one.name === parameter) !== true) bare.push(`${name}: ${parameter} is not documented`);
    }
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      for (const [field, about] of Object.entries((schema['properties'] ?? {}) as Record<string, Schema>)) if (typeof about['description'] !== 'string' || about['description'] === '') bare.push(`${name}.${field}`);
    }
    expect(bare).toEqual([]);
  });

  test('every field of a job that comes back is documented, and every one that is asked for can be sent', async () => {
    const job = await stage.run({ inputs: [{ type: 'url', url: 'https://files.example.com/photo.jpg' }], steps: [{ operation: 'convert', to: 'png' }] });
    const content = of('GET /v1/jobs/{id}').responses['200']?.content ?? {};
    const properties = propertiesOf(Object.values(content)[0]?.schema ?? {});
    expect(Object.keys(job).filter((field) => !properties.includes(field))).toEqual([]);
  });

  test('every example of a job is accepted', async () => {
    const examples = Object.values(of('POST /v1/jobs').requestBody?.content ?? {}).flatMap(({ example, examples: more }) => [...(example === undefined ? [] : [example]), ...Object.values(more ?? {}).map(({ value }) => value)]);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) expect([(await stage.post(example)).status, example]).toEqual([202, example]);
  });

  test('the problems that occur are documented, as problems', async () => {
    const documented = (name: string) => Object.keys(of(name).responses);
    for (const [name, statuses] of [
      ['POST /v1/jobs', ['200', '202', '400', '401', '413', '415', '422', '503']], ['GET /v1/jobs', ['200', '401', '422']], ['GET /v1/jobs/{id}', ['200', '401', '404']], ['POST /v1/jobs/{id}/cancel', ['202', '401', '404', '409']],
      ['GET /v1/jobs/{id}/events', ['200', '401', '404']], ['PUT /v1/jobs/{id}/inputs/{inputId}/content', ['200', '401', '404', '409', '413', '415']], ['GET /v1/jobs/{id}/outputs/{outputId}/content', ['200', '206', '304', '401', '404', '410', '416']],
      ['POST /v1/convert', ['200', '202', '401', '413', '415', '422', '502', '504']], ['GET /v1/formats', ['200', '401', '422']], ['GET /v1/operations', ['200', '401']], ['POST /v1/quotes', ['200', '400', '401', '413', '415', '422']], ['GET /v1/jobs/{id}/decision', ['200', '401', '404']], ['POST /v1/callbacks/{providerId}/{token}', ['401', '404', '410', '413']],
      ['GET /v1/providers', ['200', '401']], ['GET /v1/providers/{id}', ['200', '401', '404']], ['PATCH /v1/providers/{id}', ['200', '400', '401', '404', '413', '415', '422', '503']],
      ['GET /v1/providers/{id}/callbacks', ['200', '401', '404', '422']], ['POST /v1/providers/{id}/callbacks/{callbackId}/replay', ['202', '401', '404']],
    ] as const) {
      expect(`${name}: ${statuses.filter((status) => !documented(name).includes(status)).join(' ')}`).toBe(`${name}: `);
      for (const [status, answer] of Object.entries(of(name).responses)) if (Number(status) >= 400) expect(Object.keys(answer.content ?? {})).toEqual(['application/problem+json']);
    }
  });

  test('what needs a key says so, what needs none does not', () => {
    for (const { name, operation } of operations()) expect([name, operation.security !== undefined]).toEqual([name, name.includes(' /v1/') && !name.includes(' /v1/callbacks/')]);
  });

  test('health: alive and ready, without a key; an unknown page is a problem', async () => {
    for (const path of ['/health/live', '/health/ready']) expect((await fetch(`${stage.gateway.url}${path}`)).status).toBe(200);
    expect((await problemOf(await fetch(`${stage.gateway.url}/health/other`))).status).toBe(404);
  });
});

function propertiesOf(schema: Schema): string[] {
  const name = typeof schema['$ref'] === 'string' ? schema['$ref'].split('/').at(-1) : undefined;
  const whole = name === undefined ? schema : (document.components.schemas[name] ?? {});
  return [...Object.keys((whole['properties'] ?? {})), ...((whole['allOf'] ?? []) as Schema[]).flatMap(propertiesOf)];
}
