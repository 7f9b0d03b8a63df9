import type { JobBody, PlaceBody, StepBody } from '../../../src/conversion/job-body.js';
import { readJob, type ReadJob } from '../../../src/conversion/read-job.js';
import { OPERATIONS } from '../../../src/conversion/operations.js';
import { EXPORT_RULES, INPUT_RULES, oneOf } from '../../../src/conversion/places.js';

const url: PlaceBody = { type: 'url', url: 'https://example.com/photo.jpg' };
const convert: StepBody = { operation: 'convert', to: 'png' };

const around = {
  providers: ['first', 'second'],
  adapters: ['vendor'],
  checkAddress: (address: string) => (address.startsWith('https://') ? null : 'Only https here.'),
  maxUploadBytes: 5_368_709_120,
  money: { currency: 'USD', rates: { EUR: '1.2' } },
};

const read = (body: Partial<JobBody>): ReadJob => readJob({ inputs: [url], steps: [convert], ...body }, around);

const graphOf = (body: Partial<JobBody>) => {
  const result = read(body);
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return result.graph;
};

const pointersOf = (body: Partial<JobBody>): string[] => {
  const result = read(body);
  return 'errors' in result ? result.errors.map(({ pointer }) => pointer) : [];
};

describe('a job that is right', () => {
  it('the smallest one gets every default', () => {
    expect(graphOf({})).toEqual({
      inputs: [{ id: 'input-1', type: 'url', url: 'https://example.com/photo.jpg', fetch: 'provider' }],
      steps: [{ id: 'step-1', operation: 'convert', inputs: ['input-1'], parameters: { to: 'png' }, options: {}, providerOptions: {} }],
      exports: [],
      routing: { strategy: 'cheapest', only: [], exclude: [], prefer: [], regions: [], maxCost: null, maxAttempts: 4, deadlineSeconds: 3600, strict: false, quoteId: null },
      webhook: null,
      retention: 'PT24H',
      retentionSeconds: 86_400,
      tag: null,
      metadata: {},
    });
  });

  it('a first step takes all inputs, a later one the results of the one before it', () => {
    const { steps } = graphOf({ inputs: [url, { ...url, id: 'other' }], steps: [{ operation: 'merge', to: 'pdf' }, { operation: 'compress' }, convert] });
    expect(steps.map(({ id, inputs }) => [id, inputs])).toEqual([['step-1', ['input-1', 'other']], ['step-2', ['step-1']], ['step-3', ['step-2']]]);
  });

  it('capture needs no inputs, and the job may have none', () => {
    const { inputs, steps } = graphOf({ inputs: [], steps: [{ operation: 'capture', url: 'https://example.com', to: 'PNG' }, convert] });
    expect(inputs).toEqual([]);
    expect(steps.map(({ inputs }) => inputs)).toEqual([[], ['step-1']]);
  });

  it('steps come back in an order in which each follows what it takes', () => {
    const { steps } = graphOf({ steps: [{ ...convert, id: 'last', inputs: ['middle', 'first'] }, { ...convert, id: 'middle', inputs: ['first'] }, { ...convert, id: 'first', inputs: ['input-1'] }] });
    expect(steps.map(({ id }) => id)).toEqual(['first', 'middle', 'last']);
  });

  it('formats are told in one spelling, file names are names', () => {
    const { inputs, steps } = graphOf({ inputs: [{ ...url, filename: '../../etc/pass\u0000wd.JPEG' }], steps: [{ operation: 'convert', to: ' .JPEG ', from: 'TIF' }] });
    expect(inputs[0]).toMatchObject({ filename: 'passwd.JPEG' });
    expect(steps[0]?.parameters).toEqual({ to: 'jpg', from: 'tiff' });
  });

  it('kinds of checksums are told in one spelling too', () => {
    expect(graphOf({ steps: [{ operation: 'hash', to: ' SHA256 ' }] }).steps[0]?.parameters).toEqual({ to: 'sha256' });
  });

  it('what is asked for in routing, retention, tag and metadata is kept', () => {
    const asked = { strategy: 'priority', only: ['first'], exclude: ['second'], prefer: ['first'], regions: ['eu'], maxAttempts: 2, deadlineSeconds: 60 };
    const graph = graphOf({ routing: { ...asked, maxCost: null, quoteId: null, strict: false }, retention: 'P1D', tag: 't', metadata: { a: 'b' }, webhook: null, exports: [] });
    expect(graph).toMatchObject({ routing: asked, retentionSeconds: 86_400, tag: 't', metadata: { a: 'b' } });
  });
});

interface Complaint {
  readonly when: string;
  readonly body: Partial<JobBody>;
  readonly at: readonly string[];
}

const step = (more: Partial<StepBody>) => ({ steps: [{ ...convert, ...more }] });
const input = (more: Partial<PlaceBody> & { type: string }) => ({ inputs: [more] });

const COMPLAINTS: readonly Complaint[] = [
  { when: 'two inputs share an id', body: { inputs: [{ ...url, id: 'a' }, { ...url, id: 'a' }] }, at: ['/inputs/1/id'] },
  { when: 'an input and a step share an id', body: { inputs: [{ ...url, id: 'a' }], steps: [{ ...convert, id: 'a', inputs: ['a'] }] }, at: ['/steps/0/id', '/steps/0/inputs/0'] },
  { when: 'a default id is taken', body: { inputs: [{ ...url, id: 'input-2' }, url] }, at: ['/inputs/1/id'] },
  { when: 'there is no step', body: { steps: [] }, at: ['/steps'] },
  { when: 'the input type is unknown', body: input({ type: 'telepathy' }), at: ['/inputs/0/type'] },
  { when: 'the input type is a name that every object has', body: input({ type: 'constructor' }), at: ['/inputs/0/type'] },
  { when: 'an input lacks what its type needs', body: input({ type: 'url' }), at: ['/inputs/0/url'] },
  { when: 'an input has what its type has not', body: { inputs: [{ ...url, bucket: 'b', size: 1 }] }, at: ['/inputs/0/bucket', '/inputs/0/size'] },
  { when: 'the address is refused', body: input({ type: 'url', url: 'ftp://example.com/a' }), at: ['/inputs/0/url'] },
  { when: 'a vendor should send headers', body: { inputs: [{ ...url, headers: { cookie: 'a=b' } }] }, at: ['/inputs/0/headers'] },
  { when: 'headers are the connection\'s or none at all', body: { inputs: [{ ...url, fetch: 'gateway', headers: { Host: 'x', 'a b': 'c', good: 'yes', long: 'two\nlines' } }] }, at: ['/inputs/0/headers/Host', '/inputs/0/headers/a b', '/inputs/0/headers/long'] },
  { when: 'an output is named by no id', body: { inputs: [{ type: 'job-output', jobId: 'x', outputId: 'y' }] }, at: ['/inputs/0/jobId', '/inputs/0/outputId'] },
  { when: 'nobody known should fetch', body: { inputs: [{ ...url, fetch: 'dog' }] }, at: ['/inputs/0/fetch'] },
  { when: 'headers are given', body: { inputs: [{ ...url, headers: {} }] }, at: ['/inputs/0/headers'] },
  { when: 'an upload refers to a resumable one', body: input({ type: 'upload', uploadId: 'u' }), at: ['/inputs/0/uploadId'] },
  { when: 'base64 is none', body: input({ type: 'base64', data: 'no!' }), at: ['/inputs/0/data'] },
  { when: 'base64 has an impossible length', body: input({ type: 'base64', data: 'AAAAA' }), at: ['/inputs/0/data'] },
  { when: 'base64 pads in the middle', body: input({ type: 'base64', data: 'AA==AAAA' }), at: ['/inputs/0/data'] },
  { when: 'base64 is empty', body: input({ type: 'base64', data: ' ' }), at: ['/inputs/0/data'] },
  { when: 'a data URL holds nothing', body: input({ type: 'base64', data: 'data:image/png;base64,' }), at: ['/inputs/0/data'] },
  { when: 'a data URL is not base64', body: input({ type: 'base64', data: 'data:text/plain,hello' }), at: ['/inputs/0/data'] },
  { when: 'the operation is unknown', body: { steps: [{ operation: 'transmogrify' }] }, at: ['/steps/0/operation'] },
  { when: 'the operation is a name that every object has', body: { steps: [{ operation: 'toString' }] }, at: ['/steps/0/operation'] },
  { when: 'a required parameter is missing', body: { steps: [{ operation: 'convert' }] }, at: ['/steps/0/to'] },
  { when: 'a parameter belongs to another operation', body: step({ level: 'high', width: 5 }), at: ['/steps/0/level', '/steps/0/width'] },
  { when: 'the target is no format', body: step({ to: 'exe-ish' }), at: ['/steps/0/to'] },
  { when: 'the target is a name that every object has', body: step({ to: '__proto__' }), at: ['/steps/0/to'] },
  { when: 'the source is no format', body: step({ from: 'what' }), at: ['/steps/0/from'] },
  { when: 'the target is blank', body: step({ to: '  ' }), at: ['/steps/0/to'] },
  { when: 'a merge makes something else than a document', body: { steps: [{ operation: 'merge', to: 'zip' }] }, at: ['/steps/0/to'] },
  { when: 'a level is unknown', body: { steps: [{ operation: 'compress', level: 'ultra' }] }, at: ['/steps/0/level'] },
  { when: 'a width is out of range', body: { steps: [{ operation: 'thumbnail', to: 'png', width: 0, height: 32_769 }] }, at: ['/steps/0/width', '/steps/0/height'] },
  { when: 'a checksum is of no kind', body: { steps: [{ operation: 'hash' }] }, at: ['/steps/0/to'] },
  { when: 'a checksum is of an unknown kind', body: { steps: [{ operation: 'hash', to: 'png' }] }, at: ['/steps/0/to'] },
  { when: 'a size is given to what has none', body: { steps: [{ operation: 'analyze-image', width: 5 }] }, at: ['/steps/0/width'] },
  { when: 'a watermark has no text', body: { steps: [{ operation: 'watermark', text: '  ' }] }, at: ['/steps/0/text'] },
  { when: 'a page to capture is refused', body: { steps: [{ operation: 'capture', url: 'file:///etc/passwd', to: 'png' }] }, at: ['/steps/0/url'] },
  { when: 'capture is given files', body: { steps: [{ operation: 'capture', url: 'https://example.com', to: 'png', inputs: ['input-1'] }] }, at: ['/steps/0/inputs'] },
  { when: 'options are for an adapter that is not there', body: step({ providerOptions: { 'a/b~c': {} } }), at: ['/steps/0/providerOptions/a~1b~0c'] },
  { when: 'options for an adapter are no object', body: step({ providerOptions: { vendor: 'gray' as never } }), at: ['/steps/0/providerOptions/vendor'] },
  { when: 'options for an adapter are a list', body: step({ providerOptions: { vendor: [1] as never } }), at: ['/steps/0/providerOptions/vendor'] },
  { when: 'options for an adapter are null', body: step({ providerOptions: { vendor: null as never } }), at: ['/steps/0/providerOptions/vendor'] },
  { when: 'a reference leads nowhere', body: step({ inputs: ['input-1', 'nobody'] }), at: ['/steps/0/inputs/1'] },
  { when: 'a step takes itself', body: step({ inputs: ['step-1'] }), at: ['/steps/0/inputs/0'] },
  { when: 'a file is named twice', body: step({ inputs: ['input-1', 'input-1'] }), at: ['/steps/0/inputs/1'] },
  { when: 'a step names no file', body: step({ inputs: [] }), at: ['/steps/0/inputs'] },
  { when: 'a step needs files and the job has none', body: { inputs: [] }, at: ['/steps/0/inputs'] },
  { when: 'steps go round in a circle', body: { steps: [{ ...convert, inputs: ['input-1'] }, { ...convert, inputs: ['step-3'] }, { ...convert, inputs: ['step-2'] }] }, at: ['/steps/2/inputs'] },
  { when: 'an export lacks what it needs', body: { exports: [{ type: 's3', bucket: 'b' }] }, at: ['/exports/0/key'] },
  { when: 'a webhook goes nowhere', body: { webhook: { url: 'ftp://example.com', events: ['job.exploded'] } }, at: ['/webhook/url', '/webhook/events/0'] },
  { when: 'there is no such strategy', body: { routing: { strategy: 'luck' } }, at: ['/routing/strategy'] },
  { when: 'providers are unknown', body: { routing: { only: ['third'], exclude: ['first', 'fourth'], prefer: ['fifth'] } }, at: ['/routing/only/0', '/routing/exclude/1', '/routing/prefer/0'] },
  { when: 'a provider is wanted and not wanted', body: { routing: { only: ['first'], exclude: ['first'] } }, at: ['/routing/only/0'] },
  { when: 'a limit is in a currency without a rate, and a quote is none', body: { routing: { maxCost: { amount: '1', currency: 'GBP' }, quoteId: 'q' } }, at: ['/routing/quoteId', '/routing/maxCost/currency'] },
  { when: 'an option of ours has a value that nobody takes', body: step({ options: { quality: 101, colorMode: 'pink', color: 'pink', rotate: 90 } }), at: ['/steps/0/options/quality', '/steps/0/options/colorMode'] },
  { when: 'the retention is no duration', body: { retention: '24h' }, at: ['/retention'] },
  { when: 'everything is wrong at once', body: { inputs: [{ type: 'url' }], steps: [{ operation: 'convert' }], routing: { only: ['x'] }, retention: 'P' }, at: ['/inputs/0/url', '/steps/0/to', '/routing/only/0', '/retention'] },
];

it.each(COMPLAINTS)('is refused when $when', ({ body, at }) => {
  expect(pointersOf(body)).toEqual(at);
});

it('a circle is told by its steps, in the order in which files would go round', () => {
  const result = read({ steps: [{ ...convert, id: 'a', inputs: ['c'] }, { ...convert, id: 'b', inputs: ['a'] }, { ...convert, id: 'c', inputs: ['b'] }] });
  expect('errors' in result && result.errors[0]?.message).toMatch(/: (?:a → b → c → a|b → c → a → b|c → a → b → c)\.$/);
});

describe('what the contract names', () => {
  it('the contract\'s operations are all known', () => {
    expect([...OPERATIONS.keys()].sort()).toEqual([
      'adjust-volume', 'analyze-image', 'archive', 'capture', 'compare-images', 'compare-pdfs', 'compare-videos', 'compress', 'convert', 'cut-video', 'extract-archive', 'extract-assets',
      'extract-pdf-assets', 'extract-streams', 'hash', 'merge', 'merge-streams', 'ocr', 'pdf-booklet', 'read-metadata', 'resize', 'slideshow', 'thumbnail', 'to-pdfa', 'validate-pdfa',
      'video-to-images', 'watermark',
    ]);
  });

  it('the contract\'s places are all known', () => {
    expect(Object.keys(INPUT_RULES).sort()).toEqual(['azure-blob', 'base64', 'ftp', 'gcs', 'google-drive', 'job-output', 's3', 'sftp', 'upload', 'url']);
    expect(Object.keys(EXPORT_RULES).sort()).toEqual(['azure-blob', 'ftp', 'gcs', 'google-drive', 's3', 'sftp', 'youtube']);
  });
});

it.each([
  [[], ''],
  [['a'], '"a"'],
  [['a', 'b'], '"a" or "b"'],
  [['a', 'b', 'c'], '"a", "b" or "c"'],
])('a choice among %j is said as %s', (names, said) => {
  expect(oneOf(names)).toBe(said);
});
