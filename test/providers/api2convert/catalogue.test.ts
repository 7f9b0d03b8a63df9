import type { ScriptedTurn } from '../scripted-http.js';
import { bench, failureOf, idle } from '../conformance/bench.js';
import { harness } from './harness.js';

const read = async (pages: readonly (readonly object[])[], settings: Record<string, unknown> = {}) => {
  const turns: ScriptedTurn[] = [...pages, []].map((body) => ({ status: 200, body }));
  const { provider, http } = bench(harness, turns, { settings });
  const catalogue = await provider.catalogue?.(idle());
  return { catalogue, entries: catalogue?.entries ?? [], calls: http.calls };
};
const listed = (category: string, target: string, options: unknown = []) => ({ id: '1', category, target, options });

describe('api2convert\'s catalogue', () => {
  it('is read page by page until one is empty, and is all that there is', async () => {
    const { catalogue, calls } = await read([[listed('image', 'png')], [listed('hash', 'md5')]]);
    expect(calls.map(({ url }) => new URL(url).search)).toEqual(['?page=1', '?page=2', '?page=3']);
    expect(catalogue).toMatchObject({ covers: ['*'], remarks: [] });
  });

  it('is not half of one: where pages are not honoured, nothing is read', async () => {
    const page = [listed('image', 'png')];
    const failure = await failureOf(read([page, page]));
    expect(failure.kind).toBe('malformed_response');
    expect(failure.message).toContain('`page` is not honoured');
  });

  it('is the operations that we would say so', async () => {
    const { entries } = await read([[
      listed('image', 'PNG'), listed('document', 'pdf'), listed('archive', 'zip'), listed('operation', 'resize-image'), listed('operation', 'compress'), listed('operation', 'thumbnail'),
      listed('hash', 'sha256'), listed('metadata', 'json'), listed('operation', 'paint'), listed('image', 'unheard-of'), { id: '9', category: 'image' },
    ]]);
    expect(entries.map(({ operation, name, to }) => [operation, name, to])).toEqual([
      ['convert', 'image/png', 'png'], ['capture', 'image/png', 'png'],
      ['convert', 'document/pdf', 'pdf'], ['merge', 'document/pdf', 'pdf'], ['capture', 'document/pdf', 'pdf'],
      ['convert', 'archive/zip', 'zip'], ['archive', 'archive/zip', 'zip'],
      ['resize', 'operation/resize-image', null], ['compress', 'operation/compress', null], ['thumbnail', 'operation/thumbnail', null],
      ['hash', 'hash/sha256', 'sha256'], ['read-metadata', 'metadata/json', null],
      [null, 'operation/paint', null], [null, 'image/unheard-of', null],
    ]);
    expect(entries.every(({ from, credits }) => from === null && credits === null)).toBe(true);
  });

  it('tells a target once, however it is spelled, of the category that a step would name', async () => {
    const { entries } = await read([[listed('video', 'gif', { fps: {} }), listed('image', 'gif', { colors: {} }), listed('image', 'jpeg'), listed('image', 'jpg')]]);
    expect(entries.filter(({ operation }) => operation === 'convert').map(({ name, to }) => [name, to])).toEqual([['image/gif', 'gif'], ['image/jpeg', 'jpg']]);
    expect(Object.keys(entries.find(({ to }) => to === 'gif')?.options?.properties ?? {})).toEqual(['colors']);
  });

  it('tells options as a JSON Schema: closed where they are described, open where there is an empty list, none where nothing is told', async () => {
    const color = { type: 'string', enum: ['colored', 'gray'], default: 'colored', required: false };
    const { entries } = await read([[listed('video', 'mp4', { color, __proto__: {} }), listed('audio', 'mp3', []), listed('audio', 'wav', null)]]);
    expect(entries.map(({ options }) => options)).toEqual([
      { type: 'object', properties: { color: { type: 'string', enum: ['colored', 'gray'], default: 'colored' } }, additionalProperties: false },
      { type: 'object', properties: {}, additionalProperties: true },
      null,
    ]);
  });

  it('takes the screen\'s options for a capture, which the input has and not the conversion', async () => {
    const { entries } = await read([[listed('image', 'png', { quality: { type: 'integer' } })]]);
    expect(entries.map(({ operation, options }) => [operation, Object.keys(options?.properties ?? {})])).toEqual([['convert', ['quality']], ['capture', ['quality', 'screen_width', 'screen_height', 'device_scale_factor']]]);
  });

  it('is OCR as well where the account\'s settings say how', async () => {
    const { entries } = await read([[listed('document', 'txt')]], { ocr: { target: 'txt', options: { ocr: true } } });
    expect(entries.map(({ operation, to }) => [operation, to])).toEqual([['convert', 'txt'], ['ocr', 'txt']]);
  });
});
