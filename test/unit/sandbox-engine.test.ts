import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { type SourceFile, targetsOf, Unconvertible } from '../../src/sandbox/engine/engine.js';
import { refusal, run, runOne, sample, text } from './sandbox-engine-support.js';

const metadataOf = async (source: SourceFile | undefined): Promise<unknown> => JSON.parse((await runOne('read-metadata', 'json', source ?? [])).bytes.toString()) as unknown;

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

  it('metadata of an image, a PDF, a text and an archive', async () => {
    expect(await metadataOf(await sample('harbour.jpg'))).toMatchObject({ format: 'jpg', contentType: 'image/jpeg', width: 1200, height: 800 });
    expect(await metadataOf(await sample('terms.pdf'))).toMatchObject({ format: 'pdf', pages: 2, title: 'Terms of sale', width: 595.28, height: 841.89 });
    expect(await metadataOf(await sample('notes.txt'))).toMatchObject({ format: 'txt', lines: 9 });
    const [zip] = await run('archive', 'zip', [text('a.txt', 'abc'), text('b.txt', 'defgh')]);
    expect(await metadataOf(zip)).toMatchObject({ format: 'zip', unpackedSize: 8, files: [{ path: 'a.txt', size: 3 }, { path: 'b.txt', size: 5 }] });
  });

  it.each(['jpeg', 'webp', 'png', 'avif'] as const)('who took a %s picture, with what and where', async (format) => {
    const exif = { IFD0: { Make: 'Lumen', ImageDescription: 'Harbour at dawn' }, IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '53/1 30/1 0/1', GPSLongitudeRef: 'W', GPSLongitude: '1/1 0/1 0/1' } };
    const bytes = await sharp({ create: { width: 30, height: 20, channels: 3, background: 'teal' } }).withExif(exif).toFormat(format).toBuffer();
    const told = await metadataOf({ filename: `dawn.${format}`, bytes });
    expect(told).toMatchObject({ width: 30, height: 20, exif: { Make: 'Lumen', ImageDescription: 'Harbour at dawn', latitude: 53.5, longitude: -1 } });
    const plain = await sharp(bytes).toFormat(format).toBuffer();
    expect(await metadataOf({ filename: `plain.${format}`, bytes: plain })).not.toHaveProperty('exif.Make');
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
    ['ocr', 'docx'],
    ['convert', '7z'],
    ['archive', '7z'],
    ['extract-archive', ''],
    ['cut-video', 'mp4'],
    ['constructor', ''],
  ])('cannot %s to "%s", and says so', async (operation, target) => {
    await expect(run(operation, target, [await sample('harbour.jpg')])).rejects.toEqual(refusal('unsupported'));
  });

  it('knows no other error, and needs a file', async () => {
    await expect(run('merge', 'pdf', [])).rejects.toBeInstanceOf(Unconvertible);
    await expect(run('convert', 'png', [text('plan.dwg', 'x')])).rejects.toEqual(refusal('unsupported'));
  });

  it('knows formats by their other names, and none that it does not read', () => {
    expect([targetsOf('JPEG').includes('png'), targetsOf('tgz').includes('zip'), targetsOf('dwg'), targetsOf('7z')]).toEqual([true, true, [], []]);
  });
});
