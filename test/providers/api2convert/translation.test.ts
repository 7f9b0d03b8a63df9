import { settingsSchema } from '../../../src/providers/api2convert/wire.js';
import { offers, VENDOR_OPERATIONS } from '../../../src/providers/api2convert/formats.js';
import { arrange, toConversion, toCreateBody } from '../../../src/providers/api2convert/mapper.js';
import type { StageInput, StageStep } from '../../../src/conversion/provider.js';
import { REFERENCE, step, toPng, work } from './samples.js';

const settings = settingsSchema.parse({});
const withOcr = settingsSchema.parse({ ocr: { target: 'pdf', options: { ocr: true }, languageOption: 'ocr_language' } });

const translated: readonly (readonly [name: string, step: StageStep, conversion: unknown])[] = [
  ['a picture', toPng, { category: 'image', target: 'png', options: { allow_multiple_outputs: true } }],
  ['another spelling of a format', step({ operation: 'convert', parameters: { to: 'JPEG' } }), { category: 'image', target: 'jpg', options: { allow_multiple_outputs: true } }],
  ['a data format', step({ operation: 'convert', from: 'xml', parameters: { to: 'json' } }), { category: 'document', target: 'json', options: { allow_multiple_outputs: true } }],
  ['the caller\'s options, the vendor\'s own last', step({ operation: 'convert', parameters: { to: 'png' }, options: { quality: 80, color: 'negate' }, providerOptions: { color: 'gray' } }), { category: 'image', target: 'png', options: { allow_multiple_outputs: true, quality: 80, color: 'gray' } }],
  ['no option over category or target', step({ operation: 'convert', parameters: { to: 'png' }, providerOptions: { category: 'video', target: 'mp4' } }), { category: 'image', target: 'png', options: { allow_multiple_outputs: true, category: 'video', target: 'mp4' } }],
  ['compress', step({ operation: 'compress', parameters: { level: 'high' } }), { category: 'operation', target: 'compress', options: { compression_level: 'high' } }],
  ['compress as the vendor likes', step({ operation: 'compress' }), { category: 'operation', target: 'compress', options: {} }],
  ['merge, which no option undoes', step({ operation: 'merge', parameters: { to: 'pdf' }, providerOptions: { merge: false } }), { category: 'document', target: 'pdf', options: { merge: true } }],
  ['archive', step({ operation: 'archive', parameters: { to: 'tar.gz' } }), { category: 'archive', target: 'tar.gz', options: {} }],
  ['thumbnail', step({ operation: 'thumbnail', parameters: { to: 'png', width: 300, height: 200 }, providerOptions: { thumbnail_target: 'gif', pages: 'first' } }), { category: 'operation', target: 'thumbnail', options: { allow_multiple_outputs: true, width: 300, height: 200, pages: 'first', thumbnail_target: 'png' } }],
  ['resize, in pixels', step({ operation: 'resize', parameters: { width: 300 }, providerOptions: { resize_handling: 'keep_aspect_ratio_crop' } }), { category: 'operation', target: 'resize-image', options: { resize_by: 'px', width: 300, resize_handling: 'keep_aspect_ratio_crop' } }],
  ['resize, as the caller\'s options alone say', step({ operation: 'resize', providerOptions: { width: 50, resize_by: 'percent' } }), { category: 'operation', target: 'resize-image', options: { width: 50, resize_by: 'percent' } }],
  ['a comparison with its options', step({ operation: 'compare-images', providerOptions: { method: 'ssim', threshold: 5, diff_color: 'red' } }), { category: 'operation', target: 'compare-image', options: { method: 'ssim', threshold: 5, diff_color: 'red' } }],
  ['clips as files', step({ operation: 'cut-video', from: 'mp4', options: { target_format: 'mp4' } }), { category: 'operation', target: 'cut-video', options: { allow_multiple_outputs: true, target_format: 'mp4' } }],
  ['clips as an archive, where the caller says so', step({ operation: 'cut-video', from: 'mp4', providerOptions: { allow_multiple_outputs: false } }), { category: 'operation', target: 'cut-video', options: { allow_multiple_outputs: false } }],
  ['a checksum', step({ operation: 'hash', from: 'mp4', parameters: { to: 'sha256' } }), { category: 'hash', target: 'sha256', options: {} }],
  ['metadata', step({ operation: 'read-metadata', from: null }), { category: 'metadata', target: 'json', options: {} }],
];

/** The API document's own words ("Publicly available operations include"). */
const DOCUMENTED = [
  'resize-image', 'compare-image', 'video-to-image', 'analyze-image', 'cut-video', 'slideshow', 'merge-streams', 'extract-streams', 'compare-video', 'audio-volume', 'convert-pdfa',
  'validate-pdfa', 'pdf-booklet', 'compare-pdf', 'extract-archive', 'extract-assets', 'extract-assets-from-pdf',
];

it('every operation of the document is said in its words, once', () => {
  const said = [...VENDOR_OPERATIONS.keys()].map((operation) => toConversion(step({ operation, from: null }), settings));
  expect(said.map(({ category }) => category)).toEqual(DOCUMENTED.map(() => 'operation'));
  expect(said.map(({ target }) => target).sort()).toEqual([...DOCUMENTED].sort());
});

describe('a step becomes a conversion', () => {
  it.each(translated)('%s', (_name, asked, conversion) => {
    expect(toConversion(asked, settings)).toEqual(conversion);
    expect(offers(asked, settings)).toEqual({ offered: true });
  });

  it('OCR only as the account\'s settings say', () => {
    const asked = step({ operation: 'ocr', parameters: { language: 'deu', to: 'txt' }, options: { dpi: 300 }, providerOptions: { ocr: false } });
    expect(toConversion(asked, withOcr)).toEqual({ category: 'document', target: 'txt', options: { ocr_language: 'deu', dpi: 300, ocr: true } });
    expect(toConversion(step({ operation: 'ocr' }), withOcr)).toMatchObject({ target: 'pdf' });
    expect(() => toConversion(asked, settings)).toThrow(/settings\.ocr/);
    expect([withOcr, settings].map((each) => offers(asked, each).offered)).toEqual([true, false]);

    const mute = settingsSchema.parse({ ocr: { target: 'pdf', options: {} } });
    expect(offers(asked, mute)).toMatchObject({ offered: false, reason: expect.stringContaining('language') as unknown });
    expect(offers(step({ operation: 'ocr' }), mute)).toEqual({ offered: true });
  });

  it.each<[string, Partial<StageStep> & Pick<StageStep, 'operation'>]>([
    ['a watermark, whose text would be lost', { operation: 'watermark', parameters: { text: 'Draft' } }],
    ['a merge into anything but pdf', { operation: 'merge', parameters: { to: 'docx' } }],
    ['a merge of what is no document', { operation: 'merge', from: 'mp3', parameters: { to: 'pdf' } }],
    ['an archive that is none', { operation: 'archive', parameters: { to: 'png' } }],
    ['a thumbnail that is no picture', { operation: 'thumbnail', parameters: { to: 'pdf' } }],
    ['a checksum of an unknown kind', { operation: 'hash', parameters: { to: 'whirlpool' } }],
    ['a song resized', { operation: 'resize', from: 'mp3' }],
    ['a picture compared as a document', { operation: 'compare-pdfs', from: 'png' }],
    ['a picture unpacked', { operation: 'extract-archive', from: 'jpg' }],
    ['a capture as sound', { operation: 'capture', parameters: { url: 'https://example.com/', to: 'mp3' } }],
  ])('never %s', (_name, fields) => {
    expect(offers(step(fields), settings).offered).toBe(false);
  });

  it('of a format that nobody knows here, which the vendor may', () => {
    expect(offers(step({ operation: 'resize', from: 'zzz' }), settings)).toEqual({ offered: true });
    expect(offers(step({ operation: 'resize', from: 'mp3' }), settings)).toEqual({ offered: false, reason: 'resize takes pictures at api2convert, not mp3.' });
  });
});

describe('a stage becomes the body of a create', () => {
  const input = (id: string, source: StageInput['source'], filename: string | null = null): StageInput => ({ id, part: '', filename, source });

  it('inert until it is started, with the address to call back', () => {
    expect(toCreateBody(work, settings)).toEqual({
      process: false,
      conversion: [{ category: 'image', target: 'png', options: { allow_multiple_outputs: true } }],
      input: [{ type: 'remote', source: 'https://files.example/photo.jpg', filename: 'photo.jpg' }],
      callback: `https://gateway.example/v1/callbacks/api2convert/${REFERENCE}`,
    });
  });

  it('with every kind of input, in the order of the step, up to the first upload and the rest behind it', () => {
    const inputs = [
      input('inline', { type: 'base64', data: 'aGVsbG8=' }, 'hello.txt'),
      input('sent', { type: 'upload', size: 5 }, 'sent.txt'),
      input('earlier', { type: 'result', providerFileId: 'o-9', url: 'https://files.example/o-9' }),
      input('page', { type: 'url', url: 'https://files.example/a?signature=b' }),
    ];
    const merge = step({ operation: 'merge', inputs: ['page', 'sent', 'earlier', 'inline'], parameters: { to: 'pdf' } });
    const mixed = { ...work, inputs, steps: [merge] };
    expect(toCreateBody(mixed, settings).input).toEqual([{ type: 'remote', source: 'https://files.example/a?signature=b' }]);
    expect(arrange(mixed).uploads).toEqual([{ key: 'sent', then: [{ type: 'output', source: 'o-9' }, { type: 'base64', source: 'aGVsbG8=', filename: 'hello.txt' }] }]);
  });

  it('without an input list where all are uploads, and without a callback where nobody is called', () => {
    const body = toCreateBody({ ...work, callbackUrl: null, inputs: [input('photo', { type: 'upload', size: 5 })] }, settings);
    expect(Object.keys(body).sort()).toEqual(['conversion', 'process']);
  });

  it.each([
    ['png', 'screenshot', { category: 'image', target: 'png' }],
    ['pdf', 'screenshot_pdf', { category: 'document', target: 'pdf' }],
    ['html', 'website', { category: 'document', target: 'html' }],
  ])('a page captured as %s by the engine %s', (to, engine, conversion) => {
    const capture = step({ operation: 'capture', inputs: [], parameters: { url: 'https://example.com/', to }, options: { screen_width: 800, quality: 3 } });
    expect(toCreateBody({ ...work, inputs: [], steps: [capture] }, settings)).toMatchObject({
      input: [{ type: 'remote', source: 'https://example.com/', engine, options: { screen_width: 800 } }],
      conversion: [{ ...conversion, options: { quality: 3 } }],
    });
  });

  it('several steps over the same files as several conversions, in their order', () => {
    const steps = [toPng, step({ id: 'pdf', operation: 'convert', parameters: { to: 'pdf' } })];
    expect(toCreateBody({ ...work, steps }, settings).conversion.map(({ target }) => target)).toEqual(['png', 'pdf']);
  });

  it.each<[string, readonly StageStep[]]>([
    ['a step over another step\'s result', [toPng, step({ id: 'small', operation: 'compress', inputs: ['png'] })]],
    ['a step over some of the files', [step({ operation: 'convert', inputs: [], parameters: { to: 'png' } })]],
    ['a capture among others', [toPng, step({ id: 'page', operation: 'capture', inputs: ['photo'], parameters: { url: 'https://example.com/', to: 'png' } })]],
    ['no step', []],
  ])('but never one of %s: a job converts every file with everything', (_name, steps) => {
    expect(() => toCreateBody({ ...work, steps }, settings)).toThrow(expect.objectContaining({ kind: 'unsupported', details: { created: 'not_created' } }) as Error);
  });
});
