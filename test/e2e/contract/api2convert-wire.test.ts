import { jobFaults } from '../../doubles/api2convert-document.js';
import { USUAL } from '../../doubles/api2convert-script.js';
import { API2CONVERT_KEY } from '../../doubles/api2convert-double.js';
import { sha256, smallFile } from '../../doubles/small-files.js';
import { at, PHOTO, scene, toPng, type Scene } from './scene.js';

let stage: Scene;
beforeAll(async () => (stage = await scene()));
afterAll(() => stage.close());
beforeEach(() => stage.api2convert.behave());
afterEach(() => expect(stage.api2convert.faults).toEqual([]));

interface Created {
  readonly process: boolean;
  readonly callback: string;
  readonly input: Record<string, unknown>[];
  readonly conversion: { category: string; target: string; options: Record<string, unknown> }[];
}

const here = at('api2convert');
const vendorIds = (job: { attempts: readonly { providerJobId: string | null }[] }) => job.attempts.map(({ providerJobId }) => providerJobId ?? '');
/** What was asked for one vendor job: its create, and what came after it, in order. */
function wire(vendorId: string) {
  const index = [...stage.api2convert.jobs.keys()].indexOf(vendorId);
  const create = stage.api2convert.to('POST', /^\/v2\/jobs$/)[index];
  return { create: create?.json as Created, creation: create, later: stage.api2convert.requests.filter(({ path }) => path.includes(vendorId)) };
}

async function created(body: object): Promise<Created> {
  const job = await stage.run({ ...body, ...here });
  expect(job).toMatchObject({ status: 'completed', error: null });
  return wire(vendorIds(job)[0] ?? '').create;
}

describe('api2convert, as it is spoken to', () => {
  test('a job is created idle, then started, and asks to be called back', async () => {
    const job = await stage.run(toPng(here));
    const [vendorId = ''] = vendorIds(job);
    const { create, later } = wire(vendorId);
    expect(create.process).toBe(false);
    expect(create.callback).toMatch(new RegExp(`^${stage.gateway.url}/v1/callbacks/api2convert/[A-Za-z0-9_-]{16,}$`));
    expect(create.input).toEqual([expect.objectContaining({ type: 'remote', source: PHOTO.url })]);
    expect(create.conversion).toEqual([expect.objectContaining({ category: 'image', target: 'png', options: expect.objectContaining({ allow_multiple_outputs: true }) as object })]);
    expect(later.filter(({ method }) => method === 'PATCH').map(({ path, json }) => ({ path, json }))).toEqual([{ path: `/v2/jobs/${vendorId}`, json: { process: true } }]);
    expect(sha256(await stage.bytes(job.outputs[0]))).toBe(sha256(smallFile('png').bytes));
  });

  test('each job has a callback token of its own', async () => {
    const callbacks = await Promise.all([created(toPng()), created(toPng())]);
    expect(new Set(callbacks.map(({ callback }) => callback)).size).toBe(2);
  });

  test.each([
    ['compress', { operation: 'compress', level: 'high' }, { category: 'operation', target: 'compress', options: { compression_level: 'high' } }],
    ['thumbnail', { operation: 'thumbnail', to: 'png', width: 300, height: 200 }, { category: 'operation', target: 'thumbnail', options: { thumbnail_target: 'png', width: 300, height: 200 } }],
    ['archive', { operation: 'archive', to: 'zip' }, { category: 'archive', target: 'zip' }],
    ['convert to a document', { operation: 'convert', to: 'pdf' }, { category: 'document', target: 'pdf' }],
    ['convert with options', { operation: 'convert', to: 'jpg', providerOptions: { api2convert: { color: 'gray' } } }, { category: 'image', target: 'jpg', options: { color: 'gray' } }],
  ])('%s', async (_name, step, conversion) => {
    const { conversion: said } = await created({ inputs: [PHOTO], steps: [step] });
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject(conversion);
  });

  test.each([
    ['resize', 'operation', 'resize-image'], ['compare-images', 'operation', 'compare-image'], ['video-to-images', 'operation', 'video-to-image'], ['analyze-image', 'operation', 'analyze-image'],
    ['cut-video', 'operation', 'cut-video'], ['slideshow', 'operation', 'slideshow'], ['merge-streams', 'operation', 'merge-streams'], ['extract-streams', 'operation', 'extract-streams'],
    ['compare-videos', 'operation', 'compare-video'], ['adjust-volume', 'operation', 'audio-volume'], ['to-pdfa', 'operation', 'convert-pdfa'], ['validate-pdfa', 'operation', 'validate-pdfa'],
    ['pdf-booklet', 'operation', 'pdf-booklet'], ['compare-pdfs', 'operation', 'compare-pdf'], ['extract-archive', 'operation', 'extract-archive'], ['extract-assets', 'operation', 'extract-assets'],
    ['extract-pdf-assets', 'operation', 'extract-assets-from-pdf'], ['hash', 'hash', 'sha256'], ['read-metadata', 'metadata', 'json'],
  ])('%s is %s/%s', async (operation, category, target) => {
    const inputs = ['one', 'other'].map((name) => ({ type: 'url', url: `https://files.example.com/${name}` }));
    const said = await created({ inputs, steps: [{ operation, ...(operation === 'hash' ? { to: 'SHA256' } : {}), options: { threshold: 5 } }] });
    expect(said.input.map((input) => input['source'])).toEqual(inputs.map(({ url }) => url));
    expect(said.conversion).toEqual([expect.objectContaining({ category, target, options: expect.objectContaining({ threshold: 5 }) as object })]);
  });

  test('providerOptions never lie over what the step itself says', async () => {
    const said = await created({ inputs: [PHOTO], steps: [{ operation: 'convert', to: 'png', providerOptions: { api2convert: { target: 'gif', category: 'video', input: [], color: 'gray' } } }] });
    expect(said.conversion[0]).toMatchObject({ category: 'image', target: 'png' });
    expect(said.input).toHaveLength(1);
  });

  test('merge is a conversion to pdf over all inputs', async () => {
    const said = await created({ inputs: [{ type: 'url', url: 'https://files.example.com/a.pdf' }, { type: 'url', url: 'https://files.example.com/b.pdf' }], steps: [{ operation: 'merge', to: 'pdf' }] });
    expect(said.input.map((input) => input['source'])).toEqual(['https://files.example.com/a.pdf', 'https://files.example.com/b.pdf']);
    expect(said.conversion).toEqual([expect.objectContaining({ category: 'document', target: 'pdf', options: expect.objectContaining({ merge: true }) as object })]);
  });

  test.each([
    ['png', 'screenshot'],
    ['pdf', 'screenshot_pdf'],
  ])('capture to %s is an input fetched by the engine %s', async (to, engine) => {
    const said = await created({ inputs: [], steps: [{ operation: 'capture', url: 'https://example.com/page', to }] });
    expect(said.input).toEqual([expect.objectContaining({ type: 'remote', source: 'https://example.com/page', engine })]);
  });

  test('steps over the same files are conversions of one job, a step over a result is a job of its own', async () => {
    const job = await stage.run({
      inputs: [PHOTO],
      steps: [{ id: 'a', operation: 'convert', to: 'png' }, { id: 'b', operation: 'convert', to: 'webp', inputs: ['input-1'] }, { id: 'c', operation: 'convert', to: 'pdf', inputs: ['a'] }],
      ...here,
    });
    expect(job).toMatchObject({ status: 'completed' });
    expect(job.outputs.map(({ step }) => step).sort()).toEqual(['b', 'c']);
    const [first, second, ...rest] = vendorIds(job).map((id) => wire(id).create);
    expect(rest).toEqual([]);
    expect(first?.conversion.map(({ target }) => target).sort()).toEqual(['png', 'webp']);
    expect(second?.conversion.map(({ target }) => target)).toEqual(['pdf']);
    expect(second?.input).toEqual([expect.objectContaining({ type: 'output', source: [...stage.api2convert.jobs.values()].at(-2)?.outputs.find(({ name }) => name.endsWith('png'))?.id })]);
  });

  test.each(['object', 'string'] as const)('an uploaded file goes to the server of its job before the start, with the token of the job (%s upload id)', async (uploadId) => {
    stage.api2convert.behave({ uploadId });
    const awaiting = await stage.accepted({ inputs: [{ type: 'upload', filename: 'photo.jpg' }], steps: [{ operation: 'convert', to: 'png' }], ...here });
    const bytes = smallFile('jpg').bytes;
    expect((await stage.gateway.call(`/v1/jobs/${awaiting.id}/inputs/input-1/content`, { method: 'PUT', body: new Uint8Array(bytes) })).status).toBe(200);
    const job = await stage.ended(awaiting.id);
    expect(job.status).toBe('completed');
    const [vendorId = ''] = vendorIds(job);
    const { create, later } = wire(vendorId);
    expect(create.process).toBe(false);
    expect(create.input ?? []).toEqual([]);
    const upload = later.find(({ path }) => path.includes('upload-file'));
    expect(upload?.path).toBe(`/v2/dl/web7/upload-file/${vendorId}`);
    expect(JSON.stringify(upload?.headers)).not.toContain(API2CONVERT_KEY);
    expect(JSON.stringify(upload?.headers)).toContain(stage.api2convert.jobs.get(vendorId)?.token ?? 'no token');
    expect(upload?.body.includes(bytes)).toBe(true);
    expect(later.findIndex(({ method }) => method === 'PATCH')).toBeGreaterThan(later.indexOf(upload as never));
  });

  test('base64 arrives whole, bare or as a data URL', async () => {
    const bytes = smallFile('gif').bytes;
    for (const data of [bytes.toString('base64'), `data:image/gif;base64,${bytes.toString('base64')}`]) {
      const job = await stage.run({ inputs: [{ type: 'base64', data, filename: 'dot.gif' }], steps: [{ operation: 'convert', to: 'png' }], ...here });
      expect(job.status).toBe('completed');
      const { create, later } = wire(vendorIds(job)[0] ?? '');
      const carried = later.some(({ path, body }) => path.includes('/upload-') && (body.includes(bytes) || body.includes(bytes.toString('base64'))));
      expect(carried || create.input?.some((input) => input['type'] === 'base64' && input['source'] === bytes.toString('base64'))).toBe(true);
    }
  });

  test('a start that is answered 409 is read again, not given up', async () => {
    stage.api2convert.behave({ startAnswer: 409 });
    const job = await stage.run(toPng(here));
    expect(job).toMatchObject({ status: 'completed', attempts: [{ status: 'succeeded' }] });
    expect(wire(vendorIds(job)[0] ?? '').later.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
  });

  test('every legal way of saying the same is understood', async () => {
    stage.api2convert.behave({ ...USUAL, emptyObject: 'array', numericStrings: true, filenames: false, between: ['saving', 'pending', 'warming-up', 'queued'] });
    const job = await stage.run(toPng(here));
    expect(job).toMatchObject({ status: 'completed', outputs: [{ contentType: 'image/png', size: smallFile('png').bytes.length, filename: expect.stringMatching(/\.png$/) as string }] });
    expect(job.attempts[0]?.status).toBe('succeeded');
  });

  test('control: a body that the document does not know is noticed', () => {
    expect(jobFaults({ process: 'no', conversion: [{ category: 'operation', target: 'levitate', to: 'png' }], input: [{ type: 'remote', source: '' }] })).toHaveLength(4);
  });
});
