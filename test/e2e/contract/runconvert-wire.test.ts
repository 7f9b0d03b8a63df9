import { jobFaults } from '../../doubles/runconvert-document.js';
import { DOCUMENTED, SDK, type RunconvertScript } from '../../doubles/runconvert-script.js';
import { RUNCONVERT_KEY } from '../../doubles/runconvert-double.js';
import { multipartFields } from '../../doubles/recording-server.js';
import { sha256, smallFile } from '../../doubles/small-files.js';
import { at, PHOTO, scene, toPng, type Job, type Scene } from './scene.js';

let stage: Scene;
beforeAll(async () => (stage = await scene()));
afterAll(() => stage.close());
beforeEach(() => stage.runconvert.behave());
afterEach(() => expect(stage.runconvert.faults).toEqual([]));

interface Task {
  readonly operation: string;
  readonly input?: string | string[];
  readonly [field: string]: unknown;
}
interface Created {
  readonly tag: string;
  readonly tasks: Readonly<Record<string, Task>>;
}

const here = at('runconvert');
const creates = () => stage.runconvert.to('POST', /^\/v2\/process\/jobs$/).map(({ json }) => json as Created);
const named = (created: Created | undefined, operation: string) => Object.entries(created?.tasks ?? {}).filter(([, task]) => task.operation === operation);
const inputsOf = (task: Task | undefined): string[] => [task?.input ?? []].flat();

async function created(body: object): Promise<{ job: Job; said: Created }> {
  const before = creates().length;
  const job = await stage.run({ ...body, ...here });
  expect(job).toMatchObject({ status: 'completed', error: null });
  expect(creates()).toHaveLength(before + 1);
  return { job, said: creates()[before] as Created };
}

const DIALECTS: readonly (readonly [string, Partial<RunconvertScript>])[] = [
  ['the documents', DOCUMENTED],
  ['the SDKs', SDK],
  ['documents, wrapped in job, tasks as a map', { wrapping: 'job', tasks: 'map', createShowsTasks: true }],
  ['SDK words, bare, tasks as an array', { words: 'sdk', results: 'url', upload: 'bare' }],
  ['documents, wrapped in data, words nobody knows in between', { wrapping: 'data', between: ['queued', 'saving', 'warming-up'], numericStrings: true }],
];

describe('RunConvert, as it is spoken to', () => {
  test('a job is a graph of import, convert and export, and every name in it carries the reference', async () => {
    const { job, said } = await created(toPng());
    expect(said.tag.length).toBeGreaterThanOrEqual(16);
    for (const name of Object.keys(said.tasks)) expect(name).toContain(said.tag);
    const [[importName, imported] = []] = named(said, 'import/url');
    const [[convertName, converted] = []] = named(said, 'convert');
    const [[, exported] = []] = named(said, 'export/url');
    expect(imported?.['url'] ?? imported?.['source_url']).toBe(PHOTO.url);
    expect(inputsOf(converted)).toEqual([importName]);
    expect(converted).toMatchObject({ output_format: 'png', input_format: 'jpg' });
    expect(inputsOf(exported)).toEqual([convertName]);
    expect(Object.keys(said.tasks)).toHaveLength(3);
    expect(stage.runconvert.to('POST', /^\/v2\/process\/jobs$/).at(-1)?.headers.authorization).toBe(`Bearer ${RUNCONVERT_KEY}`);
    expect(sha256(await stage.bytes(job.outputs[0]))).toBe(sha256(smallFile('png').bytes));
  });

  test('two jobs have two references', async () => {
    const both = [await created(toPng()), await created(toPng())];
    expect(new Set(both.map(({ said }) => said.tag)).size).toBe(2);
  });

  test('a whole DAG is one job, with an export of every step', async () => {
    const { job, said } = await created({
      inputs: [PHOTO],
      steps: [
        { id: 'small', operation: 'compress', level: 'high' },
        { id: 'png', operation: 'convert', to: 'png', inputs: ['small'], options: { quality: 80 } },
        { id: 'thumb', operation: 'thumbnail', to: 'jpg', inputs: ['small'] },
        { id: 'all', operation: 'archive', to: 'zip', inputs: ['png', 'thumb'] },
      ],
    });
    const exported = named(said, 'export/url').flatMap(([, task]) => inputsOf(task));
    for (const operation of ['compress', 'convert', 'thumbnail', 'archive']) {
      expect(named(said, operation)).toHaveLength(1);
      expect(exported).toContain(named(said, operation)[0]?.[0]);
    }
    expect(inputsOf(named(said, 'archive')[0]?.[1])).toEqual([named(said, 'convert')[0]?.[0], named(said, 'thumbnail')[0]?.[0]]);
    expect(named(said, 'convert')[0]?.[1]).toMatchObject({ options: { quality: 80 } });
    expect(job.outputs.map(({ step }) => step)).toEqual(['all']);
  });

  test('convert over three files is three conversions, never a merge in disguise', async () => {
    const { job, said } = await created({ inputs: ['a', 'b', 'c'].map((name) => ({ type: 'url', url: `https://files.example.com/${name}.png` })), steps: [{ operation: 'convert', to: 'pdf' }] });
    for (const [, task] of named(said, 'convert')) expect(inputsOf(task)).toHaveLength(1);
    expect(named(said, 'convert')).toHaveLength(3);
    expect(job.outputs).toHaveLength(3);
  });

  test.each([
    ['merge', { operation: 'merge', to: 'pdf' }, 'merge', { output_format: 'pdf' }],
    ['archive', { operation: 'archive', to: 'zip' }, 'archive', { output_format: 'zip' }],
    ['ocr', { operation: 'ocr', language: 'eng' }, 'ocr', { language: 'eng' }],
    ['watermark', { operation: 'watermark', text: 'Confidential' }, 'watermark', { text: 'Confidential' }],
    ['thumbnail', { operation: 'thumbnail', to: 'jpg' }, 'thumbnail', { output_format: 'jpg' }],
  ])('%s', async (_name, step, operation, task) => {
    const { said } = await created({ inputs: [{ type: 'url', url: 'https://files.example.com/a.pdf', filename: 'a.pdf' }, ...(operation === 'merge' ? [{ type: 'url', url: 'https://files.example.com/b.pdf' }] : [])], steps: [step] });
    expect(named(said, operation).map(([, one]) => one)).toEqual([expect.objectContaining(task)]);
  });

  test('capture needs no import', async () => {
    const { said } = await created({ inputs: [], steps: [{ operation: 'capture', url: 'https://example.com/page', to: 'png' }] });
    expect(Object.values(said.tasks).map(({ operation }) => operation).sort()).toEqual(['capture_website', 'export/url']);
    expect(named(said, 'capture_website')[0]?.[1]).toMatchObject({ url: 'https://example.com/page', output_format: 'png' });
  });

  test('base64 is imported as a data URL with its name', async () => {
    const data = smallFile('gif').bytes.toString('base64');
    const { said } = await created({ inputs: [{ type: 'base64', data, filename: 'dot.gif' }], steps: [{ operation: 'convert', to: 'png' }] });
    expect(named(said, 'import/base64')[0]?.[1]).toMatchObject({ file: `data:image/gif;base64,${data}`, filename: 'dot.gif' });
  });

  test('providerOptions never lie over operation, input or target', async () => {
    const { said } = await created({ inputs: [PHOTO], steps: [{ operation: 'convert', to: 'png', providerOptions: { runconvert: { operation: 'merge', input: 'x', output_format: 'gif', engine: 'imagemagick' } } }] });
    expect(named(said, 'convert')[0]?.[1]).toMatchObject({ operation: 'convert', output_format: 'png' });
    expect(JSON.stringify(named(said, 'convert'))).toContain('imagemagick');
  });

  test.each(DIALECTS)('the dialect of %s is understood', async (_name, script) => {
    stage.runconvert.behave(script);
    const { job } = await created(toPng());
    expect(job).toMatchObject({ attempts: [{ status: 'succeeded' }], outputs: [{ contentType: 'image/png', filename: expect.stringMatching(/\.png$/) as string }] });
    expect(sha256(await stage.bytes(job.outputs[0]))).toBe(sha256(smallFile('png').bytes));
  });

  test.each(DIALECTS)('two files are uploaded in the dialect of %s, the signature before the file', async (_name, script) => {
    stage.runconvert.behave(script);
    const awaiting = await stage.accepted({ inputs: ['jpg', 'gif'].map((kind) => ({ id: kind, type: 'upload', filename: `photo.${kind}` })), steps: [{ operation: 'convert', to: 'png' }], ...here });
    for (const kind of ['jpg', 'gif']) {
      expect((await stage.gateway.call(`/v1/jobs/${awaiting.id}/inputs/${kind}/content`, { method: 'PUT', body: new Uint8Array(smallFile(kind).bytes) })).status).toBe(200);
    }
    const job = await stage.ended(awaiting.id);
    expect(job).toMatchObject({ status: 'completed', outputs: [{}, {}] });
    const said = creates().at(-1);
    expect(named(said, 'import/upload').map(([, task]) => task)).toEqual(['jpg', 'gif'].map((kind) => expect.objectContaining({ filename: `photo.${kind}`, file_size: smallFile(kind).bytes.length }) as unknown));
    const uploads = stage.runconvert.to('POST', new RegExp(`^/upload/${job.attempts[0]?.providerJobId ?? 'none'}/`));
    expect(uploads).toHaveLength(2);
    for (const upload of uploads) {
      expect(upload.headers.authorization).toBeUndefined();
      expect((await multipartFields(upload)).map(({ name }) => name).at(-1)).toBe('file');
    }
  });

  test('a failure in either vocabulary is one failure', async () => {
    for (const script of [DOCUMENTED, SDK]) {
      stage.runconvert.behave({ ...script, ending: { code: 'processing_failed', message: 'Task failed due to internal process failure.' } });
      const job = await stage.run(toPng(here));
      expect(job).toMatchObject({ status: 'failed' });
      expect(job.attempts[0]).toMatchObject({ status: 'errored', error: { kind: 'conversion_failed', code: 'processing_failed' } });
    }
  });

  test('control: a body that the documents do not know is noticed', () => {
    expect(jobFaults({ tag: 't', tasks: { a: { operation: 'convert', input: 'b', to: 'png' } } })).toHaveLength(3);
  });
});
