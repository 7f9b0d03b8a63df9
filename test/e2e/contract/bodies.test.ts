import { PHOTO, problemOf, scene, toPng, type Scene } from './scene.js';

let stage: Scene;
beforeAll(async () => (stage = await scene()));
afterAll(() => stage.close());
afterEach(() => expect(stage.gateway.process.exitCode).toBeNull());

const step = (more: object = {}) => ({ operation: 'convert', to: 'png', ...more });
const withStep = (more: object) => ({ inputs: [PHOTO], steps: [step(more)] });
const withInput = (input: unknown) => ({ inputs: [input], steps: [step()] });
const withUrl = (url: unknown) => withInput({ type: 'url', url });
const routed = (routing: unknown) => toPng({ routing });

/** [what is wrong, the body, where it is]. */
type Row = readonly [string, unknown, string];

const SHAPE: readonly Row[] = [
  ['an empty object', {}, '/inputs'],
  ['no steps', { inputs: [PHOTO] }, '/steps'],
  ['no inputs', { steps: [step()] }, '/inputs'],
  ['steps that are empty', { inputs: [PHOTO], steps: [] }, '/steps'],
  ['inputs that are empty though a file is needed', { inputs: [], steps: [step()] }, '/steps/0/inputs'],
  ['inputs: null', { inputs: null, steps: [step()] }, '/inputs'],
  ['inputs: an object', { inputs: { 0: PHOTO }, steps: [step()] }, '/inputs'],
  ['inputs: a word', { inputs: 'photo', steps: [step()] }, '/inputs'],
  ['an input that is null', { inputs: [null], steps: [step()] }, '/inputs/0'],
  ['an input that is a word', { inputs: ['https://example.com/a.png'], steps: [step()] }, '/inputs/0'],
  ['an input that is a list', { inputs: [[PHOTO]], steps: [step()] }, '/inputs/0'],
  ['steps: a number', { inputs: [PHOTO], steps: 7 }, '/steps'],
  ['a step that is null', { inputs: [PHOTO], steps: [null] }, '/steps/0'],
  ['a step that is a number', { inputs: [PHOTO], steps: [step(), 3] }, '/steps/1'],
  ['an unknown field of the job', toPng({ colour: 'blue' }), '/colour'],
  ['an unknown field with a slash and a tilde', toPng({ 'a/b~c': 1 }), '/a~1b~0c'],
  ['an unknown field of an input', withInput({ ...PHOTO, size2: 1 }), '/inputs/0/size2'],
  ['an unknown field of a step', withStep({ quality: 80 }), '/steps/0/quality'],
  ['an unknown field of routing', routed({ cheap: true }), '/routing/cheap'],
  ...['constructor', 'toString', 'hasOwnProperty', 'valueOf'].map((name): Row => [`${name} of the job, which every object has by nature`, toPng({ [name]: 1 }), `/${name}`]),
  ['constructor of an input', withInput({ ...PHOTO, constructor: 1 }), '/inputs/0/constructor'],
  ['constructor of a step', withStep({ constructor: 1 }), '/steps/0/constructor'],
  ['constructor of routing', routed({ constructor: 1 }), '/routing/constructor'],
  ['routing: null', routed(null), '/routing'],
  ['routing: a list', routed([]), '/routing'],
  ['tag: a number', toPng({ tag: 5 }), '/tag'],
  ['tag too long', toPng({ tag: 'x'.repeat(5000) }), '/tag'],
  ['metadata: a list', toPng({ metadata: ['a'] }), '/metadata'],
  ['metadata with a number', toPng({ metadata: { order: 42 } }), '/metadata/order'],
  ['metadata with an object', toPng({ metadata: { order: { a: 'b' } } }), '/metadata/order'],
  ['retention: no duration', toPng({ retention: 'one day' }), '/retention'],
  ['retention: a number', toPng({ retention: 24 }), '/retention'],
  ['retention below nothing', toPng({ retention: '-PT5H' }), '/retention'],
  ['retention of a thousand years', toPng({ retention: 'P1000Y' }), '/retention'],
];

const STEPS: readonly Row[] = [
  ['no operation', { inputs: [PHOTO], steps: [{ to: 'png' }] }, '/steps/0/operation'],
  ['an unknown operation', withStep({ operation: 'transmogrify' }), '/steps/0/operation'],
  ['an operation that every object has by nature', withStep({ operation: 'constructor' }), '/steps/0/operation'],
  ['operation: __proto__', withStep({ operation: '__proto__' }), '/steps/0/operation'],
  ['operation: null', withStep({ operation: null }), '/steps/0/operation'],
  ['operation in capitals', withStep({ operation: 'CONVERT' }), '/steps/0/operation'],
  ['a missing to', { inputs: [PHOTO], steps: [{ operation: 'convert' }] }, '/steps/0/to'],
  ['to: null', withStep({ to: null }), '/steps/0/to'],
  ['to: a list', withStep({ to: ['png'] }), '/steps/0/to'],
  ['to: empty', withStep({ to: '' }), '/steps/0/to'],
  ['to: a path', withStep({ to: '../../etc/passwd' }), '/steps/0/to'],
  ['to: no format', withStep({ to: 'notaformat' }), '/steps/0/to'],
  ['watermark without text', { inputs: [PHOTO], steps: [{ operation: 'watermark' }] }, '/steps/0/text'],
  ['capture without url', { inputs: [], steps: [{ operation: 'capture', to: 'png' }] }, '/steps/0/url'],
  ['thumbnail without to', { inputs: [PHOTO], steps: [{ operation: 'thumbnail' }] }, '/steps/0/to'],
  ['a parameter of another operation', withStep({ width: 5 }), '/steps/0/width'],
  ['options: a list', withStep({ options: [] }), '/steps/0/options'],
  ['options: null', withStep({ options: null }), '/steps/0/options'],
  ['providerOptions of a provider that is not there', withStep({ providerOptions: { acme: {} } }), '/steps/0/providerOptions/acme'],
  ['providerOptions that are no object', withStep({ providerOptions: { api2convert: 'gray' } }), '/steps/0/providerOptions/api2convert'],
  ['width: a word', { inputs: [PHOTO], steps: [{ operation: 'thumbnail', to: 'png', width: '300' }] }, '/steps/0/width'],
  ['width of nothing', { inputs: [PHOTO], steps: [{ operation: 'thumbnail', to: 'png', width: 0 }] }, '/steps/0/width'],
  ['width below nothing', { inputs: [PHOTO], steps: [{ operation: 'thumbnail', to: 'png', width: -4 }] }, '/steps/0/width'],
  ['width of half a pixel', { inputs: [PHOTO], steps: [{ operation: 'thumbnail', to: 'png', width: 1.5 }] }, '/steps/0/width'],
  ['width beyond sense', { inputs: [PHOTO], steps: [{ operation: 'thumbnail', to: 'png', width: 1e15 }] }, '/steps/0/width'],
];

const GRAPH: readonly Row[] = [
  ['a dangling reference', withStep({ inputs: ['nobody'] }), '/steps/0/inputs/0'],
  ['a reference that is a number', withStep({ inputs: [1] }), '/steps/0/inputs/0'],
  ['inputs of a step: a word', withStep({ inputs: 'input-1' }), '/steps/0/inputs'],
  ['inputs of a step: none', withStep({ inputs: [] }), '/steps/0/inputs'],
  ['a step that takes itself', withStep({ id: 'a', inputs: ['a'] }), '/steps/0/inputs/0'],
  ['two inputs of one id', { inputs: [{ ...PHOTO, id: 'a' }, { ...PHOTO, id: 'a' }], steps: [step()] }, '/inputs/1/id'],
  ['two steps of one id', { inputs: [PHOTO], steps: [step({ id: 's' }), step({ id: 's' })] }, '/steps/1/id'],
  ['a step with the id of an input', { inputs: [{ ...PHOTO, id: 'a' }], steps: [step({ id: 'a' })] }, '/steps/0/id'],
  ['a step with the default id of an input', { inputs: [PHOTO], steps: [step({ id: 'input-1' })] }, '/steps/0/id'],
  ['an id with a space', withInput({ ...PHOTO, id: 'a b' }), '/inputs/0/id'],
  ['an id with a line end', withInput({ ...PHOTO, id: 'a\n' }), '/inputs/0/id'],
  ['an id of 65 letters', withInput({ ...PHOTO, id: 'a'.repeat(65) }), '/inputs/0/id'],
  ['an id of none', withInput({ ...PHOTO, id: '' }), '/inputs/0/id'],
  ['an id that is a number', withInput({ ...PHOTO, id: 4 }), '/inputs/0/id'],
];

const ADDRESSES = [
  'file:///etc/passwd', 'ftp://example.com/a.png', 'gopher://example.com/', 'javascript:alert(1)', 'data:text/plain,a', '//example.com/a.png', 'example.com/a.png', '', ' ', 'https://',
  'http://127.0.0.1/a.png', 'http://127.1/a.png', 'http://2130706433/a.png', 'http://0x7f000001/a.png', 'http://017700000001/a.png', 'http://0/a.png', 'http://localhost/a.png', 'http://a.localhost/a.png', 'http://localhost./a.png',
  'http://169.254.169.254/latest/meta-data', 'http://[::1]/a.png', 'http://[::ffff:127.0.0.1]/a.png', 'http://[fe80::1]/a.png', 'http://[fd00::1]/a.png', 'http://[::]/a.png', 'http://[64:ff9b::7f00:1]/a.png',
  'http://10.0.0.1/a.png', 'http://192.168.1.1/a.png', 'http://172.16.0.1/a.png', 'http://100.64.0.1/a.png', 'http://①②⑦.⓪.⓪.①/a.png', 'http://255.255.255.255/',
  'https://user:pass@example.com/a.png', 'https://user@example.com/a.png', 'https://example.com/a.png\r\nHost: evil', 'https://example.com/\ta.png', 'https://exa mple.com/a.png', 'http://example.com:99999/a.png', `https://example.com/${'a'.repeat(70_000)}`,
];

const INPUTS: readonly Row[] = [
  ...ADDRESSES.map((url): Row => [`the address ${JSON.stringify(url.slice(0, 60))}`, withUrl(url), '/inputs/0/url']),
  ...['file:///etc/passwd', 'http://127.0.0.1/', 'http://169.254.169.254/', 'https://user:pass@example.com/'].map((url): Row => [`the page ${url}`, { inputs: [], steps: [{ operation: 'capture', url, to: 'png' }] }, '/steps/0/url']),
  ['url: null', withUrl(null), '/inputs/0/url'],
  ['url: a number', withUrl(5), '/inputs/0/url'],
  ['url: missing', withInput({ type: 'url' }), '/inputs/0/url'],
  ['no type', withInput({ url: PHOTO.url }), '/inputs/0/type'],
  ['an unknown type', withInput({ type: 'pigeon', url: PHOTO.url }), '/inputs/0/type'],
  ['a type that every object has by nature', withInput({ type: 'constructor' }), '/inputs/0/type'],
  ['a field of another type', withInput({ type: 'upload', url: PHOTO.url }), '/inputs/0/url'],
  ['base64 without data', withInput({ type: 'base64', filename: 'a.png' }), '/inputs/0/data'],
  ['base64 that is none', withInput({ type: 'base64', data: '*** no ***', filename: 'a.png' }), '/inputs/0/data'],
  ['base64 of nothing', withInput({ type: 'base64', data: '', filename: 'a.png' }), '/inputs/0/data'],
  ['a data URL that is not base64', withInput({ type: 'base64', data: 'data:text/plain,hello', filename: 'a.txt' }), '/inputs/0/data'],
  ['an upload of less than nothing', withInput({ type: 'upload', filename: 'a.png', size: -1 }), '/inputs/0/size'],
  ['an upload of half a byte', withInput({ type: 'upload', filename: 'a.png', size: 1.5 }), '/inputs/0/size'],
  ['an upload whose size is a word', withInput({ type: 'upload', filename: 'a.png', size: '10' }), '/inputs/0/size'],
  ['a filename that is a number', withInput({ ...PHOTO, filename: 5 }), '/inputs/0/filename'],
];

const ROUTING: readonly Row[] = [
  ['an unknown strategy', routed({ strategy: 'luck' }), '/routing/strategy'],
  ['strategy: null', routed({ strategy: null }), '/routing/strategy'],
  ['only: a word', routed({ only: 'api2convert' }), '/routing/only'],
  ['only: a provider that is not there', routed({ only: ['acme'] }), '/routing/only/0'],
  ['exclude: a provider that is not there', routed({ exclude: ['acme'] }), '/routing/exclude/0'],
  ['prefer: a number', routed({ prefer: [5] }), '/routing/prefer/0'],
  ...[0, -1, 1.5, '4', null, 1e9].map((maxAttempts): Row => [`maxAttempts: ${JSON.stringify(maxAttempts)}`, routed({ maxAttempts }), '/routing/maxAttempts']),
  ...[0, -5, 0.5, '60', null, 1e12].map((deadlineSeconds): Row => [`deadlineSeconds: ${JSON.stringify(deadlineSeconds)}`, routed({ deadlineSeconds }), '/routing/deadlineSeconds']),
  ['strict: a word', routed({ strict: 'yes' }), '/routing/strict'],
];

describe('a job that cannot be', () => {
  test.each([...SHAPE, ...STEPS, ...GRAPH, ...INPUTS, ...ROUTING])('%s', async (_name, body, pointer) => {
    const response = await stage.post(body);
    const problem = await problemOf(response);
    expect(problem).toMatchObject({ status: 422, code: 'invalid_request' });
    expect(problem.errors?.map((error) => error.pointer)).toContain(pointer);
    for (const error of problem.errors ?? []) expect(error.message).toMatch(/^.{3,400}$/);
  });

  test('a cycle of two steps is told at one of them', async () => {
    const problem = await problemOf(await stage.post({ inputs: [PHOTO], steps: [step({ id: 'a', inputs: ['b'] }), step({ id: 'b', inputs: ['a'] })] }));
    expect(problem).toMatchObject({ status: 422, code: 'invalid_request', errors: [{ pointer: expect.stringMatching(/^\/steps\/[01]\/inputs/) as string }] });
  });

  test('everything that is wrong is told at once', async () => {
    const problem = await problemOf(await stage.post({ inputs: [{ type: 'url', url: 'ftp://a' }], steps: [step({ to: 'nope' }), step({ inputs: ['x'] })] }));
    expect(problem.errors?.map(({ pointer }) => pointer).sort()).toEqual(['/inputs/0/url', '/steps/0/to', '/steps/1/inputs/0']);
  });

  test('nothing of it reached a vendor, and no job was written', async () => {
    // The account's webhook is registered whatever is asked for.
    const sent = [...stage.api2convert.requests, ...stage.runconvert.requests].filter(({ method, path }) => method === 'POST' && !path.endsWith('/webhooks'));
    expect(sent.map(({ path }) => path)).toEqual([]);
    const { data } = (await (await stage.gateway.call('/v1/jobs')).json()) as { data: unknown[] };
    expect(data).toHaveLength(0);
  });

  test('control: the same body, put right, is accepted', async () => {
    expect((await stage.post(withInput(PHOTO))).status).toBe(202);
    expect((await stage.post(toPng({ tag: 'x', metadata: { order: '42' }, retention: 'PT24H', routing: { maxAttempts: 2, deadlineSeconds: 60, only: [], exclude: [], prefer: [] } }))).status).toBe(202);
  });
});
