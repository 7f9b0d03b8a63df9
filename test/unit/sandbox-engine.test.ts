import { createHash } from 'node:crypto';
import { fileTypeFromBuffer } from 'file-type';
import sharp from 'sharp';
import { formats, type SourceFile, targetsOf, Unconvertible } from '../../src/sandbox/engine/engine.js';
import { refusal, run, runOne, sample, text } from './sandbox-engine-support.js';

describe('what files say of themselves', () => {
  it.each(['md5', 'sha1', 'sha256', 'sha512'])('%s', async (algorithm) => {
    const source = await sample('notes.txt');
    const result = await runOne('hash', algorithm, source);
    expect(result.bytes.toString()).toBe(createHash(algorithm).update(source.bytes).digest('hex'));
    expect(result.filename).toBe('notes.txt');
  });

  it('crc32, by its published check value', async () => {
    expect((await runOne('hash', 'crc32', text('check.txt', '123456789'))).bytes.toString()).toBe('cbf43926');
    await expect(runOne('hash', 'whirlpool', text('check.txt', '1'))).rejects.toEqual(refusal('unsupported'));
  });

  it('metadata of an image, a PDF and a text', async () => {
    const metadata = async (name: string): Promise<unknown> => JSON.parse((await runOne('read-metadata', 'json', await sample(name))).bytes.toString()) as unknown;
    expect(await metadata('harbour.jpg')).toMatchObject({ format: 'jpg', contentType: 'image/jpeg', width: 1200, height: 800 });
    expect(await metadata('terms.pdf')).toMatchObject({ format: 'pdf', pages: 2, title: 'Terms of sale' });
    expect(await metadata('notes.txt')).toMatchObject({ format: 'txt', lines: 9 });
  });
});

describe('what it takes and what it refuses', () => {
  it('gives one result per file, in order', async () => {
    const results = await run('convert', 'png', [await sample('lighthouse.jpg'), await sample('harbour.jpg')], { width: 30 });
    expect(results.map(({ filename }) => filename)).toEqual(['lighthouse.png', 'harbour.png']);
  });

  it('believes the bytes, not the name', async () => {
    const disguised = { ...(await sample('harbour.jpg')), filename: 'harbour.png' };
    expect(JSON.parse((await runOne('read-metadata', 'json', disguised)).bytes.toString())).toMatchObject({ format: 'jpg' });
  });

  it.each([
    ['an empty file', 'convert', 'png', Buffer.alloc(0), 'photo.jpg'],
    ['a text called photo', 'convert', 'png', Buffer.from('hello'), 'photo.jpg'],
    ['noise called PDF', 'compress', '', Buffer.from('%PDF-1.7\nnothing here'), 'paper.pdf'],
    ['a drawing that is no XML', 'convert', 'png', Buffer.from('<svg><oops'), 'sign.svg'],
    ['bytes called text', 'convert', 'pdf', Buffer.from([0x61, 0, 0, 0x62]), 'notes.txt'],
    ['half a BMP', 'convert', 'png', Buffer.concat([Buffer.from('BM'), Buffer.alloc(20)]), 'half.bmp'],
  ])('calls %s corrupt', async (_, operation, target, bytes, filename) => {
    await expect(run(operation, target, [{ filename, bytes }])).rejects.toEqual(refusal('corrupt_input'));
  });

  it.each(['jpg', 'png', 'webp', 'avif', 'tiff', 'gif', 'bmp'])('calls half a %s corrupt', async (format) => {
    const whole = await runOne('convert', format, await sample('lighthouse.jpg'), { width: 300 });
    await expect(runOne('convert', 'png', whole)).resolves.toBeDefined();
    const half = { ...whole, bytes: whole.bytes.subarray(0, whole.bytes.length >> 1) };
    await expect(runOne('convert', 'png', half)).rejects.toEqual(refusal('corrupt_input'));
  });

  it('refuses an image that would unfold into too much', async () => {
    const wide = await sharp({ create: { width: 16_000, height: 8_000, channels: 3, background: 'white' } }).png().toBuffer();
    await expect(runOne('convert', 'jpg', { filename: 'wide.png', bytes: wide })).rejects.toEqual(refusal('unsupported'));
  });

  it.each([
    ['quality', 0],
    ['quality', 'best'],
    ['width', -1],
    ['width', 1.5],
    ['height', 100_000],
  ])('refuses %s %p', async (option, value) => {
    await expect(runOne('convert', 'png', await sample('harbour.jpg'), { [option]: value })).rejects.toEqual(refusal('bad_option'));
  });

  it.each([
    ['convert', 'mp4'],
    ['convert', 'txt'],
    ['convert', ''],
    ['merge', 'docx'],
    ['archive', 'rar'],
    ['thumbnail', 'mp4'],
    ['ocr', 'txt'],
    ['extract-archive', ''],
    ['cut-video', 'mp4'],
    ['constructor', ''],
  ])('cannot %s to "%s", and says so', async (operation, target) => {
    await expect(run(operation, target, [await sample('harbour.jpg')])).rejects.toEqual(refusal('unsupported'));
  });

  it('knows no other error, and needs a file', async () => {
    await expect(run('merge', 'pdf', [])).rejects.toBeInstanceOf(Unconvertible);
    await expect(run('convert', 'png', [text('movie.mkv', 'x')])).rejects.toEqual(refusal('unsupported'));
    await expect(run('convert', 'png', [await sample('invoice.pdf')])).rejects.toEqual(refusal('unsupported'));
  });

  it('keeps what `targetsOf` promises, for every format', async () => {
    const sources: SourceFile[] = [
      ...(await Promise.all(['jpg', 'png', 'webp', 'avif', 'tiff', 'gif', 'bmp'].map(async (to) => runOne('convert', to, await sample('harbour.jpg'), { width: 60 })))),
      text('a.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'),
      ...['txt', 'md', 'html'].map((extension) => text(`a.${extension}`, '<p>hello</p>')),
      text('a.csv', 'a,b\n1,2\n'),
      text('a.json', '[{"a":1}]'),
      await sample('invoice.pdf'),
    ];
    const known = new Map(formats().map((format) => [format.extension, format]));
    for (const source of sources) {
      const targets = targetsOf(source.filename.split('.').at(-1) ?? '');
      expect(targets.length).toBeGreaterThan(0);
      for (const target of targets) {
        const result = await runOne('convert', target, source);
        expect(result.contentType).toBe(known.get(target)?.contentType);
        const found = await fileTypeFromBuffer(result.bytes);
        if (found) expect(found.ext.replace('tif', 'tiff')).toBe(target);
      }
    }
    expect([targetsOf('JPEG').includes('png'), targetsOf('mkv'), targetsOf('zip')]).toEqual([true, [], []]);
  });
});
