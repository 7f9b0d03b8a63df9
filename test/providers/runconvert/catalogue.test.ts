import type { VendorAnswer, VendorCall } from '../../../src/providers/vendor-call.js';
import { readOperations } from '../../../src/providers/runconvert/catalogue.js';
import { API_KEY, idle } from '../conformance/bench.js';
import { harness } from './harness.js';

interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

const JPG_PNG = { from: 'jpg', to: 'png' };
const read = (body: unknown, asked = JPG_PNG) => readOperations(JSON.stringify(body), asked);
const QUALITY = { name: 'quality', type: 'integer', description: 'How good', supported_values: [] };

describe('what RunConvert says of a pair, whose shape no document shows', () => {
  const quality = { type: 'object', properties: { quality: { type: 'integer', description: 'How good' } }, additionalProperties: false };

  it.each<[string, unknown]>([
    ['entries with options as a list', { data: [{ operation: 'convert', input_format: 'jpg', output_format: 'png', credits: 2, options: [QUALITY] }] }],
    ['options as a map', [{ operation: 'convert', input_format: 'jpeg', output_format: 'PNG', credits: '2', options: { quality: { type: 'integer', description: 'How good' } } }]],
    ['engines within', { operations: [{ operation: 'convert', engines: [{ credits: 2, options: [QUALITY] }] }] }],
    ['engines alone', { engines: [{ credits: 2, options: [QUALITY] }] }],
    ['a map by operation', { convert: { credits: 2, options: [QUALITY] } }],
  ])('is read as %s', (_name, body) => {
    expect(read(body)).toEqual([{ operation: 'convert', name: 'convert', from: 'jpg', to: 'png', options: quality, credits: 2 }]);
  });

  it('several engines: what any takes, which there are, the price of the default one or else the first', () => {
    const engine = (name: string, credits: number, more: object = {}) => ({ operation: 'convert', input_format: 'jpg', output_format: 'png', engine: name, credits, ...more });
    const [entry, ...others] = read([
      engine('magick', 1, { options: [QUALITY], engine_versions: ['7.1', { version: '7.0' }] }),
      engine('vips', 3, { options: { strip: { type: 'boolean' }, quality: { type: 'integer', maximum: 9 } }, default: true }),
    ]) ?? [];
    expect(others).toEqual([]);
    expect(entry?.credits).toBe(3);
    expect(entry?.options?.properties).toEqual({
      quality: { anyOf: [{ type: 'integer', description: 'How good' }, { type: 'integer', maximum: 9 }] },
      strip: { type: 'boolean' },
      engine: { type: 'string', enum: ['magick', 'vips'], description: 'The program that does it.' },
      engine_version: { type: 'string', enum: ['7.1', '7.0'], description: 'Which of its versions.' },
    });
  });

  it('values of an option: all that it takes, unless they may be the ends of a range', () => {
    const options = [{ name: 'fit', type: 'string', supported_values: ['max', 'crop'] }, { name: 'dpi', type: 'integer', supported_values: [72, 600] }, { name: 'depth', type: 'integer', supported_values: ['8', '16', '32'] }];
    expect(read([{ options }])?.[0]?.options?.properties).toEqual({
      fit: { type: 'string', enum: ['max', 'crop'] }, dpi: { type: 'integer', examples: [72, 600] }, depth: { type: 'integer', enum: [8, 16, 32] },
    });
  });

  it('operations in our words, each with what belongs to it', () => {
    const of = (operation: string, more: object = {}) => ({ operation, input_format: 'png', output_format: 'png', ...more });
    const entries = read([of('compress'), of('capture_website', { input_format: null }), of('thumbnail'), of('import/url'), of('metadata/write'), of('capture')]) ?? [];
    expect(entries.map(({ operation, name, from, to }) => [operation, name, from, to])).toEqual([
      ['compress', 'compress', 'png', null], ['capture', 'capture_website', null, 'png'], ['thumbnail', 'thumbnail', 'png', 'png'],
      [null, 'import/url png png', null, null], [null, 'metadata/write png png', null, null], [null, 'capture png png', null, null],
    ]);
  });

  it('no options told are none known; an empty list forbids nothing', () => {
    expect(read([{ operation: 'convert' }])?.[0]?.options).toBeNull();
    expect(read([{ operation: 'convert', options: [] }])?.[0]?.options).toEqual({ type: 'object', properties: {}, additionalProperties: true });
  });

  it('is nothing where it is none of these', () => {
    for (const body of ['', 'x', '"x"', '7', 'null']) expect(readOperations(body, JPG_PNG)).toBeNull();
    expect(read([])).toEqual([]);
    expect(read(['x', 3, null])).toEqual([]);
  });
});

describe('RunConvert\'s catalogue as a whole', () => {
  const vendor = async (answers: (path: string, query: URLSearchParams) => Answer) => {
    const calls: VendorCall[] = [];
    let [running, most] = [0, 0];
    const http = {
      async call(call: VendorCall): Promise<VendorAnswer> {
        calls.push(call);
        most = Math.max(most, (running += 1));
        await new Promise(setImmediate);
        running -= 1;
        const url = new URL(call.url);
        const { status, body } = answers(url.pathname.replace('/v2/core/', ''), url.searchParams);
        return { status, headers: {}, text: body === undefined ? '' : JSON.stringify(body) };
      },
    };
    const account = { id: 'account-1', baseUrl: harness.baseUrl, apiKey: API_KEY, webhookSecret: null, settings: {} };
    const read = await harness.make(account, http, () => new Date()).catalogue?.(idle());
    return { read, entries: read?.entries ?? [], calls, most, paths: calls.map(({ url }) => `${new URL(url).pathname.slice(9)}${new URL(url).search}`) };
  };
  const outputs = (query: URLSearchParams): Answer => ({ status: 200, body: { data: ['png', 'jpg', 'pdf'].filter((format) => format !== query.get('input_format')).map((format) => ({ format })) } });
  const formats: Answer = { status: 200, body: { data: [{ format: 'jpeg' }, { format: 'png' }, { format: 'jpg' }, { format: 'unheard-of' }] } };
  const pair = (query: URLSearchParams) => ({ operation: 'convert', input_format: query.get('input_format'), output_format: query.get('output_format') ?? 'pdf', credits: 1, options: [] });

  it('by source, where the vendor answers that: a few calls, a few at once', async () => {
    const { entries, paths, most } = await vendor((path, query) => (path === 'formats' ? formats : path === 'outputs' ? outputs(query) : { status: 200, body: { data: [pair(query), { operation: 'watermark', input_format: query.get('input_format'), output_format: query.get('input_format') }] } }));
    expect(paths.sort()).toEqual(['formats', 'operations?input_format=jpeg', 'operations?input_format=png', 'outputs?input_format=jpeg', 'outputs?input_format=png']);
    expect(entries.map(({ operation, name, from, to, credits }) => [operation ?? name, from, to, credits])).toEqual([
      ['format/unheard-of', null, null, null], ['convert', 'jpg', 'pdf', 1], ['watermark', 'jpg', null, null], ['convert', 'png', 'pdf', 1], ['watermark', 'png', null, null],
      // Listed as targets of their source, and not told of any further.
      ['convert', 'jpg', 'png', null], ['convert', 'png', 'jpg', null], ['convert', 'jpg', 'jpg', null],
    ]);
    expect(most).toBeLessThanOrEqual(2);
  });

  it('by pair, where it answers nothing else', async () => {
    const { entries, paths } = await vendor((path, query) => (path === 'formats' ? formats : path === 'outputs' ? outputs(query) : query.has('output_format') ? { status: 200, body: [pair(query)] } : { status: 400, body: { message: 'output_format is missing' } }));
    expect(paths).toContain('operations?input_format=png&output_format=pdf');
    expect(paths.filter((path) => /^operations\?input_format=\w+$/.test(path))).toHaveLength(1);
    expect(entries.filter(({ operation }) => operation === 'convert').map(({ from, to, credits }) => [from, to, credits])).toContainEqual(['png', 'pdf', 1]);
  });

  it('and a vendor that has had enough is left alone, with what it told', async () => {
    let asked = 0;
    const { read, entries } = await vendor((path, query) => {
      if (path === 'formats') return formats;
      if (path === 'outputs') return outputs(query);
      if (!query.has('output_format')) return { status: 404 };
      return (asked += 1) > 2 ? { status: 429 } : { status: 200, body: [pair(query)] };
    });
    expect(entries.filter(({ operation }) => operation === 'convert')).toHaveLength(5);
    expect(entries.filter(({ credits }) => credits === 1)).toHaveLength(2);
    expect(read?.remarks).toEqual([expect.stringContaining('429')]);
  });

  it('of a vendor without any is empty, and says so', async () => {
    for (const answer of [{ status: 404 }, { status: 200, body: { data: [] } }]) {
      const { read } = await vendor(() => answer);
      expect(read).toEqual({ entries: [], covers: [], remarks: [expect.stringContaining('no formats')] });
    }
  });
});
