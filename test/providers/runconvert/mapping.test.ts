import { toJobBody } from '../../../src/providers/runconvert/mapper.js';
import { settingsSchema } from '../../../src/providers/runconvert/settings.js';
import type { StageWork } from '../../../src/conversion/provider.js';
import { MARK, REFERENCE, stage, step, toPng, uploadInput, urlInput } from './stage.js';

const tasksOf = (work: StageWork, settings: object = {}) => toJobBody(work, settingsSchema.parse(settings)).tasks;
const taskOf = (work: StageWork, name: string, settings: object = {}) => tasksOf(work, settings)[`${name}-${MARK}`];
const photo = urlInput('photo', 'photo.jpg');

describe('a stage in RunConvert\'s words', () => {
  it('is one job: our reference as its tag, a task for each input and step, an export of each step', () => {
    const shrink = step('small', 'compress', { inputs: ['png'] });
    expect(toJobBody(stage([photo], toPng, shrink), settingsSchema.parse({}))).toEqual({
      tag: REFERENCE,
      tasks: {
        [`import-photo-${MARK}`]: { operation: 'import/url', url: 'https://files.example/in', filename: 'photo.jpg' },
        [`convert-png-${MARK}`]: { operation: 'convert', input: `import-photo-${MARK}`, input_format: 'jpg', output_format: 'png' },
        [`export-png-${MARK}`]: { operation: 'export/url', input: `convert-png-${MARK}` },
        [`compress-small-${MARK}`]: { operation: 'compress', input: `convert-png-${MARK}` },
        [`export-small-${MARK}`]: { operation: 'export/url', input: `compress-small-${MARK}` },
      },
    });
  });

  it('runs a step over several files once for each, and packs all of them together', () => {
    const parts = [urlInput('photo', 'a.jpg', 'https://files.example/a', '1'), urlInput('photo', 'b.gif', 'https://files.example/b', '2')];
    const zip = step('zip', 'archive', { inputs: ['png', 'photo'], parameters: { to: 'zip' } });
    const tasks = tasksOf(stage(parts, toPng, zip));

    expect(Object.keys(tasks)).toEqual(
      ['import-photo', 'import-photo-2', 'convert-png', 'export-png', 'convert-png-2', 'export-png-2', 'archive-zip', 'export-zip'].map((name) => name.replace(/^(\w+-\w+)(-2)?$/, `$1-${MARK}$2`)),
    );
    expect(tasks[`convert-png-${MARK}`]).toMatchObject({ input: `import-photo-${MARK}`, input_format: 'jpg' });
    expect(tasks[`convert-png-${MARK}-2`]).toMatchObject({ input: `import-photo-${MARK}-2`, input_format: 'gif' });
    expect(tasks[`export-png-${MARK}-2`]).toEqual({ operation: 'export/url', input: `convert-png-${MARK}-2` });
    expect(tasks[`archive-zip-${MARK}`]).toEqual({
      operation: 'archive',
      input: [`convert-png-${MARK}`, `convert-png-${MARK}-2`, `import-photo-${MARK}`, `import-photo-${MARK}-2`],
      output_format: 'zip',
    });
  });

  it.each([
    ['watermark', step('it', 'watermark', { parameters: { text: 'Draft' } }), { operation: 'watermark', text: 'Draft' }],
    ['ocr', step('it', 'ocr', { parameters: { language: 'deu' } }), { operation: 'ocr', language: 'deu' }],
    ['ocr', step('it', 'ocr', { parameters: { to: 'txt' } }), { operation: 'ocr', output_format: 'txt' }],
    ['thumbnail', step('it', 'thumbnail', { parameters: { to: 'png', width: 200 }, options: { fit: 'crop' } }), { operation: 'thumbnail', output_format: 'png', options: { fit: 'crop', width: 200 } }],
    ['compress', step('it', 'compress', { parameters: { level: 'high' } }), { operation: 'compress' }],
  ])('says %s', (operation, asked, expected) => {
    expect(taskOf(stage([photo], asked), `${operation}-it`)).toEqual({ input: `import-photo-${MARK}`, ...expected });
  });

  it('captures a page without a file', () => {
    const page = step('page', 'capture', { inputs: [], parameters: { url: 'https://example.com/', to: 'pdf' } });
    expect(taskOf(stage([], page), 'capture-page')).toEqual({ operation: 'capture_website', url: 'https://example.com/', output_format: 'pdf' });
  });

  it('merges as the documents say, or as the SDKs do', () => {
    const pages = [urlInput('one', 'one.pdf'), urlInput('two', 'two.pdf')];
    const work = stage(pages, step('all', 'merge', { inputs: ['one', 'two'], parameters: { to: 'pdf' } }));
    const input = [`import-one-${MARK}`, `import-two-${MARK}`];
    expect(taskOf(work, 'merge-all')).toEqual({ operation: 'merge', input, output_format: 'pdf' });
    expect(taskOf(work, 'merge-all', { merge: 'convert' })).toEqual({ operation: 'convert', input, input_format: 'pdf', output_format: 'pdf' });
  });

  it('imports what each source is', () => {
    const work = stage(
      [photo, uploadInput('up', null, 77), { id: 'b64', part: '', filename: 'dot.gif', source: { type: 'base64', data: 'R0lGODlhAQABAA==' } }, { id: 'old', part: '', filename: null, source: { type: 'result', providerFileId: 'f', url: 'https://storage.runconvert.com/r/x' } }],
      toPng,
    );
    const tasks = tasksOf(work, { urlField: 'source_url' });
    expect(tasks[`import-photo-${MARK}`]).toEqual({ operation: 'import/url', source_url: 'https://files.example/in', filename: 'photo.jpg' });
    expect(tasks[`import-up-${MARK}`]).toEqual({ operation: 'import/upload', filename: 'up', file_size: 77 });
    expect(tasks[`import-b64-${MARK}`]).toEqual({ operation: 'import/base64', file: 'data:image/gif;base64,R0lGODlhAQABAA==', filename: 'dot.gif' });
    expect(tasks[`result-old-${MARK}`]).toEqual({ operation: 'import/url', source_url: 'https://storage.runconvert.com/r/x' });
  });

  it('passes options on, the caller\'s own for this adapter over them, and never lets them change the graph', () => {
    const providerOptions = { quality: 90, operation: 'merge', input: 'other', output_format: 'exe', target: 'x', engine: 'vips', engine_version: '8' };
    const work = stage([photo], { ...toPng, options: { quality: 80, color: null }, providerOptions });
    expect(taskOf(work, 'convert-png')).toEqual({
      operation: 'convert', input: `import-photo-${MARK}`, input_format: 'jpg', output_format: 'png', engine: 'vips', engine_version: '8', options: { quality: 90, color: null },
    });
  });

  it('tells a source format only where it is known: what the caller says, else the step\'s, else the file\'s', () => {
    const format = (input: StageWork['inputs'][number], more: object) => taskOf(stage([input], { ...toPng, ...more }), 'convert-png')?.['input_format'];
    expect(format(photo, { from: 'webp', parameters: { to: 'png', from: 'heic' } })).toBe('heic');
    expect(format(photo, { from: 'webp' })).toBe('webp');
    expect(format(urlInput('photo', null, 'https://files.example/photo.JPEG?x=1'), { from: null })).toBe('jpg');
    expect(format(urlInput('photo', null, 'https://files.example/show.php'), { from: null })).toBeUndefined();
  });

  it('gives hostile ids a task name of their own', () => {
    const work = stage([{ ...photo, id: '__proto__' }], { ...toPng, id: 'constructor', inputs: ['__proto__'] });
    expect(Object.keys(tasksOf(work))).toEqual([`import-__proto__-${MARK}`, `convert-constructor-${MARK}`, `export-constructor-${MARK}`]);
  });
});
