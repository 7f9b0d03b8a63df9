import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { startGateway, type Gateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { bytesOf, ended, post, problemOf, sample, SAMPLES, send, until, type JobView } from './support/rest.js';

let gateway: Gateway;
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  gateway = await startGateway({ DATABASE_URL: database.url, SANDBOX_FIXTURES: SAMPLES, SANDBOX_SPEED_MS: '20', POLL_FLOOR_MS: '50' });
  await until('the catalogues', async () => ((await ask<{ verified: boolean; providers: readonly string[] }>('/v1/formats?from=jpg&to=png')).data[0]?.verified === true && (await ask('/v1/formats?from=jpg&to=heic')).data.length === 0 ? true : null));
});

afterAll(async () => {
  expect(await gateway.stop()).toBe(0);
  await database.drop();
});

const from = (...names: string[]) => names.map((name) => ({ type: 'url', url: `https://files.example/${name}` }));
const run = async (body: object): Promise<JobView> => ended(gateway, (await send(gateway, body)).id);

async function done(body: object): Promise<JobView> {
  const job = await run(body);
  expect(job).toMatchObject({ status: 'completed', error: null });
  return job;
}

const CROP = { api2convert: { resize_handling: 'keep_aspect_ratio_crop' } };

async function redPixels(picture: Buffer): Promise<number> {
  const pixels = await sharp(picture).removeAlpha().raw().toBuffer();
  let red = 0;
  for (let at = 0; at < pixels.length; at += 3) if (pixels[at] === 255 && pixels[at + 1] === 0 && pixels[at + 2] === 0) red += 1;
  return red;
}

describe('operations beyond conversion', () => {
  it('resize: a picture of the width that was asked for, in its own format', async () => {
    const job = await done({ inputs: from('lighthouse.jpg'), steps: [{ operation: 'resize', width: 300 }] });
    expect(job.outputs).toEqual([expect.objectContaining({ filename: 'lighthouse.jpg', contentType: 'image/jpeg' })]);
    expect(await sharp(await bytesOf(gateway, job.outputs[0])).metadata()).toMatchObject({ format: 'jpeg', width: 300, height: 200 });
  });

  it('resize takes a vendor\'s own options as they are', async () => {
    const job = await done({ inputs: from('lighthouse.jpg'), steps: [{ operation: 'resize', width: 200, height: 200, providerOptions: CROP }, { operation: 'convert', to: 'png' }] });
    expect(await sharp(await bytesOf(gateway, job.outputs[0])).metadata()).toMatchObject({ format: 'png', width: 200, height: 200 });
  });

  it('compare-images: a picture of where two differ, be they sent or made by a step', async () => {
    const compare = (inputs: readonly string[]) => ({ id: 'marked', operation: 'compare-images', inputs });
    const differing = await done({ inputs: from('lighthouse.jpg', 'harbour.jpg'), steps: [{ ...compare(['input-1', 'small']) }, { id: 'small', operation: 'resize', inputs: ['input-2'], width: 1200, height: 800, providerOptions: CROP }] });
    const alike = await done({ inputs: from('lighthouse.jpg'), steps: [{ id: 'again', operation: 'convert', to: 'png' }, compare(['input-1', 'again'])] });
    expect([differing, alike].map(({ outputs }) => outputs.map(({ step, contentType }) => [step, contentType]))).toEqual([[['marked', 'image/png']], [['marked', 'image/png']]]);
    const [many, none] = await Promise.all([differing, alike].map(async ({ outputs }) => redPixels(await bytesOf(gateway, outputs[0]))));
    expect([many, none]).toEqual([expect.any(Number), 0]);
    expect(many).toBeGreaterThan(100_000);
  });

  it('hash: the checksums of one file, several kinds in one job', async () => {
    const kinds = ['md5', 'sha256', 'crc32'];
    const job = await done({ inputs: from('harbour.jpg'), steps: kinds.map((to) => ({ id: to, operation: 'hash', inputs: ['input-1'], to })) });
    const bytes = await sample('harbour.jpg');
    const told = await Promise.all(job.outputs.map(async (output) => [output.step, output.contentType, (await bytesOf(gateway, output)).toString()]));
    const digests = { md5: createHash('md5').update(bytes).digest('hex'), sha256: createHash('sha256').update(bytes).digest('hex'), crc32: crc32(bytes).toString(16).padStart(8, '0') };
    expect(told).toEqual(Object.entries(digests).map(([kind, digest]) => [kind, 'text/plain; charset=utf-8', digest]));
  });

  it('read-metadata: JSON of each file', async () => {
    const job = await done({ inputs: from('lighthouse.jpg', 'invoice.pdf'), steps: [{ operation: 'read-metadata' }] });
    expect(job.outputs.map(({ filename, contentType }) => [filename, contentType])).toEqual([['lighthouse.json', expect.stringContaining('application/json')], ['invoice.json', expect.stringContaining('application/json')]]);
    const told = await Promise.all(job.outputs.map(async (output) => JSON.parse((await bytesOf(gateway, output)).toString()) as object));
    expect(told).toEqual([expect.objectContaining({ format: 'jpg', width: 1200, height: 800 }), expect.objectContaining({ format: 'pdf' })]);
  });

  it('extract-archive: every file within, as it went in, and the steps after it take them all', async () => {
    const steps = [{ operation: 'archive', to: 'zip' }, { id: 'unpacked', operation: 'extract-archive' }, { id: 'sums', operation: 'hash', to: 'sha1' }];
    const whole = await done({ inputs: from('notes.txt', 'terms.pdf'), steps: steps.slice(0, 2) });
    expect(whole.outputs.map(({ filename }) => filename).sort()).toEqual(['notes.txt', 'terms.pdf']);
    for (const output of whole.outputs) expect((await bytesOf(gateway, output)).equals(await sample(output.filename))).toBe(true);
    const summed = await done({ inputs: from('notes.txt', 'terms.pdf'), steps });
    const sums = await Promise.all(summed.outputs.map(async (output) => (await bytesOf(gateway, output)).toString()));
    const expected = await Promise.all(['notes.txt', 'terms.pdf'].map(async (name) => createHash('sha1').update(await sample(name)).digest('hex')));
    expect(sums.sort()).toEqual(expected.sort());
  });

  it('in one call: a file in, its checksum out', async () => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(await sample('notes.txt'))]), 'notes.txt');
    const answer = await gateway.call('/v1/convert?operation=hash&to=sha512', { method: 'POST', body: form });
    expect([answer.status, await answer.text()]).toEqual([200, createHash('sha512').update(await sample('notes.txt')).digest('hex')]);
    const lonely = new FormData();
    lonely.append('file', new Blob(['x']), 'a.png');
    expect(await problemOf(await gateway.call('/v1/convert?operation=compare-images', { method: 'POST', body: lonely }))).toMatchObject({ status: 422, detail: expect.stringMatching(/^\/operation: "compare-images" takes exactly 2 files/) as unknown });
  });


  it.each<[string, object, string, string]>([
    ['one picture compared', { inputs: from('a.png'), steps: [{ operation: 'compare-images' }] }, 'invalid_request', '/steps/0/inputs'],
    ['a picture compared with itself', { inputs: from('a.png'), steps: [{ operation: 'compare-images', inputs: ['input-1', 'input-1'] }] }, 'invalid_request', '/steps/0/inputs/1'],
    ['a checksum of no kind', { inputs: from('a.png'), steps: [{ operation: 'hash', to: 'sum' }] }, 'invalid_request', '/steps/0/to'],
    ['what no vendor\'s catalogue lists', { inputs: from('notes.txt'), steps: [{ operation: 'extract-assets' }] }, 'unsupported_conversion', '/steps/0'],
    ['a song resized', { inputs: from('a.mp3'), steps: [{ operation: 'resize', width: 9 }] }, 'unsupported_conversion', '/steps/0'],
    ['a resize where nobody may do it', { inputs: from('a.png'), steps: [{ operation: 'resize', width: 9 }], routing: { only: ['runconvert'] } }, 'no_eligible_provider', '/routing'],
  ])('refuses %s', async (_what, body, code, pointer) => {
    const answer = await post(gateway, body);
    expect([answer.status, await answer.json()]).toMatchObject([422, { code, errors: [{ pointer }] }]);
  });
});

interface Page<Row> {
  readonly data: readonly Row[];
  readonly nextCursor: string | null;
}

interface Pair {
  readonly from: string;
  readonly to: string;
}

const ask = async <Row>(path: string): Promise<Page<Row>> => (await (await gateway.call(path)).json()) as Page<Row>;

describe('GET /v1/operations', () => {
  it('lists all of them, with their parameters and who does them', async () => {
    const { data, nextCursor } = await ask<{ operation: string; providers: { provider: string }[] }>('/v1/operations');
    expect([data.length, nextCursor]).toEqual([27, null]);
    expect(data.find(({ operation }) => operation === 'resize')).toMatchObject({
      operation: 'resize',
      summary: 'Change the size of each picture.',
      parameters: {
        width: { type: 'integer', required: false, minimum: 1, maximum: 32_768, description: 'Width in pixels.' },
        height: { type: 'integer', required: false, minimum: 1, maximum: 32_768, description: 'Height in pixels.' },
      },
      providers: [{ provider: 'api2convert', options: { type: 'object', properties: { width: { type: 'integer', minimum: 1 }, resize_by: { type: 'string' } }, additionalProperties: false }, credits: null }],
    });
    expect(data.find(({ operation }) => operation === 'hash')).toMatchObject({ parameters: { to: { required: true, enum: ['md5', 'sha1', 'sha256', 'sha512', 'crc32'] } } });
    const who = Object.fromEntries(data.map(({ operation, providers }) => [operation, providers.map(({ provider }) => provider).join()]));
    expect(who).toMatchObject({ convert: 'api2convert,runconvert', watermark: 'runconvert', ocr: 'runconvert', 'read-metadata': 'api2convert' });
  });
});

describe('GET /v1/formats', () => {
  it('tells of one pair, in any spelling', async () => {
    expect(await ask('/v1/formats?from=JPEG&to=.png')).toEqual({ data: [{ from: 'jpg', to: 'png', category: 'image', providers: ['api2convert', 'runconvert'], verified: true }], nextCursor: null });
    expect(await ask('/v1/formats?from=mp3&to=png')).toEqual({ data: [], nextCursor: null });
  });

  it('gives all of them page by page, each once', async () => {
    const first = await ask<Pair>('/v1/formats');
    expect(first.data).toHaveLength(200);
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page<Pair> = await ask<Pair>(`/v1/formats?limit=1000${cursor === '' ? '' : `&cursor=${cursor}`}`);
      seen.push(...page.data.map(({ from: source, to }) => `${source} ${to}`));
      cursor = page.nextCursor;
    }
    expect([new Set(seen).size, seen.length > 1000]).toEqual([seen.length, true]);
    expect(seen.slice(0, 200)).toEqual(first.data.map(({ from: source, to }) => `${source} ${to}`));
    const ofPng = (await ask<Pair>('/v1/formats?to=png&limit=1000')).data.map(({ from: source }) => `${source} png`);
    expect(ofPng).toEqual(seen.filter((pair) => pair.endsWith(' png')));
  });

  it.each(['limit=0', 'limit=1001', 'cursor=nonsense', 'from=a&from=b', 'colour=red'])('refuses ?%s', async (query) => {
    expect(await problemOf(await gateway.call(`/v1/formats?${query}`))).toMatchObject({ status: 422, code: 'invalid_request' });
  });

  it.each(['formats', 'operations'])('/v1/%s wants a key, and is documented', async (name) => {
    const stranger = await fetch(`${gateway.url}/v1/${name}`);
    expect(await problemOf(stranger)).toMatchObject({ status: 401, code: 'unauthorized' });
    const { paths, components } = (await (await fetch(`${gateway.url}/openapi.json`)).json()) as { paths: Record<string, { get: { responses: Record<string, unknown> } }>; components: { schemas: Record<string, unknown> } };
    expect(Object.keys(paths[`/v1/${name}`]?.get.responses ?? {})).toEqual(expect.arrayContaining(['200', '401']));
    expect(Object.keys(components.schemas)).toEqual(expect.arrayContaining(['FormatListView', 'OperationListView', 'ParameterView']));
  });
});
