import type { Sandbox } from '../../../src/sandbox/sandbox.js';
import { Api2convertClient, remote } from './api2convert-client.js';
import { DOCUMENTED, fieldsOf, violations } from './openapi.js';
import { call, sandboxOnFreePorts, textOf, type Answer, type Json, type Request } from './support.js';

const photo = { input: [remote('harbour.jpg')], conversion: [{ category: 'image', target: 'png' }] };
const PRESET = { name: 'small', target: 'png', scope: 'private', options: { width: 10 } };

let sandbox: Sandbox;
let client: Api2convertClient;
beforeAll(async () => {
  sandbox = await sandboxOnFreePorts();
  client = new Api2convertClient(sandbox.api2convertUrl);
});
afterAll(() => sandbox.close());

/** The ids that a path names, of things that are there or of nothing. */
interface Ids {
  readonly job_id: string;
  readonly conversion_id: string;
  readonly input_id: string;
  readonly output_id: string;
  readonly preset_id: string;
}

const NOWHERE: Ids = { job_id: 'nowhere', conversion_id: 'nowhere', input_id: 'nowhere', output_id: 'nowhere', preset_id: 'nowhere' };

function idsOf(job: Json, preset?: Json): Ids {
  const first = (list: Json | undefined): string => textOf(list?.[0]?.id ?? 'none');
  return { job_id: textOf(job.id), conversion_id: first(job.conversion), input_id: first(job.input), output_id: first(job.output), preset_id: textOf(preset?.id) };
}

/** A job that waits, or one that has ended, and a preset. */
const staged = async (): Promise<Ids> => idsOf(await client.create({ ...photo, process: false }), (await client.request('/presets', { json: PRESET })).json);
const done = async (): Promise<Ids> => idsOf(await client.run(photo), (await client.request('/presets', { json: PRESET })).json);

/** What makes each method succeed: the job's state and the body. */
const BODIES: Readonly<Record<string, unknown>> = {
  'post /jobs': photo,
  'patch /jobs/{job_id}': { process: true },
  'post /jobs/{job_id}/conversions': { target: 'webp' },
  'patch /jobs/{job_id}/conversions/{conversion_id}': { options: { width: 20 }, metadata: { author: 'Ada' } },
  'post /jobs/{job_id}/input': remote('notes.txt'),
  'patch /jobs/{job_id}/input': [{ id: '{input_id}', options: { position: 1 } }],
  'patch /jobs/{job_id}/input/{file_id}': { credentials: { decrypt_password: 'canary' } },
  'patch /jobs/{job_id}/output': { filename: 'quay' },
  'patch /jobs/{job_id}/output/{file_id}': { filename: 'quay' },
  'post /presets': PRESET,
  'patch /presets/{preset_id}': { name: 'smaller', options: {} },
};

/** Bodies that are refused with 400. */
const WRONG: Readonly<Record<string, unknown>> = {
  'post /jobs': { ...photo, conversion: [{ target: 'wat' }] },
  'post /jobs/{job_id}/conversions': { category: 'image' },
  'patch /jobs/{job_id}/conversions/{conversion_id}': [],
  'post /presets': { ...PRESET, target: 'wat' },
  'patch /presets/{preset_id}': { target: 'wat' },
};

const YEAR = String(new Date().getUTCFullYear());
const PERIODS = { day: `${YEAR}-01-31`, month: `${YEAR}-01`, year: YEAR };

function pathOf(template: string, ids: Ids): string {
  const file = template.includes('/output') ? ids.output_id : ids.input_id;
  const words: Readonly<Record<string, string>> = { ...ids, ...PERIODS, file_id: file, filter: 'single' };
  return template.replaceAll(/\{(\w+)\}/g, (_all, name: string) => words[name] ?? '');
}

/** The method called as documented, with the job's state and the body that bring the status about. */
async function provoke(documented: string): Promise<Answer> {
  const [method = '', template = '', status = ''] = documented.split(' ');
  const operation = `${method} ${template}`;
  const ask = (ids: Ids, { key = 'test-key', ...more }: Request & { key?: string } = {}): Promise<Answer> => {
    const json: unknown = operation in BODIES ? JSON.parse(JSON.stringify(BODIES[operation]).replace('{input_id}', ids.input_id)) : undefined;
    return new Api2convertClient(sandbox.api2convertUrl, key).request(pathOf(template, ids), { method: method.toUpperCase(), json, ...more });
  };
  const [right, wrong] = template.includes('/output') ? [done, staged] : [staged, done];

  switch (status) {
    case '204':
      if (operation === 'get /jobs') return ask(NOWHERE, { key: 'nobody' });
      if (operation === 'get /contracts') return ask(NOWHERE, { key: 'free-account' });
      return operation === 'post /jobs' ? ask(NOWHERE, { json: undefined }) : ask(await right());
    case '400':
      if (template.startsWith('/stats')) return client.request(pathOf(template, NOWHERE).replace('single', 'some'));
      return ask(await right(), { json: WRONG[operation] });
    case '401':
      return ask(await right(), { key: 'bad-key' });
    case '404':
      return ask(NOWHERE);
    case '409':
      return ask(await wrong());
    case '402':
    case '429':
    case '500': {
      const ids = await right();
      sandbox.control.addScenario({ name: 'status', options: { call: operation === 'post /jobs' ? 'create' : 'input', status: Number(status) } });
      return ask(ids);
    }
    default:
      return ask(await right());
  }
}

describe('api2convert, against its own document', () => {
  it('has eighteen paths, and no body is kept for a method that is none of theirs', () => {
    expect(new Set(DOCUMENTED.map((documented) => documented.split(' ')[1])).size).toBe(18);
    expect(Object.keys({ ...BODIES, ...WRONG }).filter((operation) => !DOCUMENTED.some((documented) => documented.startsWith(`${operation} `)))).toEqual([]);
  });

  it.each(DOCUMENTED)('%s', async (documented) => {
    const { status } = await provoke(documented);
    expect(status).toBe(Number(documented.split(' ')[2]));
  });

  it('leaves no documented field out, but those that are never told', async () => {
    const job = await client.run(photo);
    const history = await client.request(`/jobs/${textOf(job.id)}/history`);
    const presets = await client.request('/presets', { json: PRESET });
    const missing = (value: Json | undefined, schema: string): string[] => fieldsOf(schema).filter((field) => value?.[field] === undefined);
    expect(missing(job, 'Job')).toEqual(['download_passwords']);
    expect(missing(job.input![0], 'InputFile')).toEqual([]);
    expect(missing(job.output![0], 'OutputFile')).toEqual([]);
    expect(missing(job.conversion![0], 'Conversion')).toEqual(['output_target']);
    expect(missing(history.json[0], 'History')).toEqual([]);
    expect(missing(presets.json, 'Preset')).toEqual([]);
  });

  it('serves that document, and the same in Swagger 2.0', async () => {
    const openapi = (await call(`${sandbox.api2convertUrl}/openapi.json`)).json;
    const swagger = (await call(`${sandbox.api2convertUrl}/schema`)).json;
    expect([openapi.openapi, swagger.swagger]).toEqual(['3.0.0', '2.0']);
    expect(textOf(openapi.servers![0]!.url)).toBe(sandbox.api2convertUrl);
    expect(Object.keys(swagger.paths!)).toEqual(Object.keys(openapi.paths!));
    expect(Object.keys(swagger.definitions!)).toEqual(Object.keys(openapi.components!.schemas!));
    const create = swagger.paths!['/jobs']!.post!;
    expect(create.parameters).toContainEqual(expect.objectContaining({ in: 'body', schema: { $ref: '#/definitions/Job' } }));
    expect(create.responses!['201']!.schema).toEqual({ $ref: '#/definitions/Job' });
    expect(JSON.stringify(swagger)).not.toContain('#/components');
  });
});

describe('the check itself', () => {
  const answered = (body: unknown, more: object = {}): string[] => violations({ method: 'GET', path: '/jobs/1', status: 200, contentType: 'application/json; charset=utf-8', body: JSON.stringify(body), ...more });
  const right = { type: 'job', process: true, fail_on_input_error: true, fail_on_conversion_error: true, notify_status: false };

  it('lets a right body pass, and catches each wrong one', () => {
    expect(answered({ ...right, limits: [], created_at: '2017-08-15T17:20:55' })).toEqual([]);
    for (const wrong of [{ spent: '2' }, { status: 'completed' }, { limits: [1] }, { created_at: 'yesterday' }, { output: [{ id: 'a', status: 'gone' }] }, { credits: 2 }, { input: [{ type: 'remote' }] }]) {
      expect(answered({ ...right, ...wrong })).not.toEqual([]);
    }
    expect(answered({ type: 'job' })).not.toEqual([]);
  });

  it('catches a wrong status, type and form', () => {
    expect(answered(right, { status: 202 })).toEqual(['get /jobs/{job_id} 202: the status is not documented']);
    expect(answered(right, { contentType: 'text/html' })).toEqual(['get /jobs/{job_id} 200: is text/html']);
    expect(answered('', { body: '{' })).toEqual(['get /jobs/{job_id} 200: is not JSON']);
    expect(answered(right, { method: 'DELETE', status: 204 })).toEqual(['delete /jobs/{job_id} 204: has a body']);
  });
});
