import { PDFDocument } from '@cantoo/pdf-lib';
import { fileTypeFromBuffer } from 'file-type';
import sharp from 'sharp';
import type { SourceFile } from '../../src/sandbox/engine/engine.js';
import { pagesOf, pixelAt, refusal, run, runOne, sample, sizeOf, text, twoHalves } from './sandbox-engine-support.js';

describe('images', () => {
  it.each([
    ['jpg', 'image/jpeg'],
    ['png', 'image/png'],
    ['webp', 'image/webp'],
    ['avif', 'image/avif'],
    ['tiff', 'image/tiff'],
    ['gif', 'image/gif'],
    ['bmp', 'image/bmp'],
  ])('a photograph becomes a real %s of its own size', async (target, contentType) => {
    const result = await runOne('convert', target, await sample('lighthouse.jpg'));
    expect((await fileTypeFromBuffer(result.bytes))?.mime).toBe(contentType);
    expect(result).toMatchObject({ filename: `lighthouse.${target}`, contentType });
    if (target !== 'bmp') expect(await sizeOf(result.bytes)).toEqual([1200, 800]);
  });

  it.each(['png', 'webp', 'tiff', 'gif', 'bmp'])('a %s turned into a PNG again shows the same picture', async (between) => {
    const there = await runOne('convert', between, { filename: 'flag.png', bytes: await twoHalves(41, 20).png().toBuffer() });
    const back = await runOne('convert', 'png', there);
    expect(await sizeOf(back.bytes)).toEqual([41, 20]);
    const [left, right] = [await pixelAt(back.bytes, 3, 17), await pixelAt(back.bytes, 38, 2)];
    expect(left[0]).toBeGreaterThan(230);
    expect(left[2]).toBeLessThan(40);
    expect(right[2]).toBeGreaterThan(230);
  }, 30_000);

  it('takes aliases of formats and names the result by the usual word', async () => {
    expect((await runOne('convert', 'JPEG', await sample('harbour.jpg'))).filename).toBe('harbour.jpg');
  });

  it('honours quality, width and height, also where they came as strings', async () => {
    const source = await sample('harbour.jpg');
    const fine = await runOne('convert', 'webp', source, { quality: 95 });
    const rough = await runOne('convert', 'webp', source, { quality: '20' });
    expect(rough.bytes.length).toBeLessThan(fine.bytes.length / 2);
    expect(await sizeOf((await runOne('convert', 'png', source, { width: 300 })).bytes)).toEqual([300, 200]);
    expect(await sizeOf((await runOne('convert', 'png', source, { width: '100', height: 400 })).bytes)).toEqual([100, 67]);
  });

  it('turns a photograph upright that says so in its EXIF data, and leaves its neighbour alone', async () => {
    const upright: SourceFile = { filename: 'a.jpg', bytes: await twoHalves().jpeg().toBuffer() };
    const turned: SourceFile = { filename: 'b.jpg', bytes: await twoHalves().withMetadata({ orientation: 6 }).jpeg().toBuffer() };
    expect(await sizeOf((await runOne('convert', 'png', upright)).bytes)).toEqual([40, 20]);
    expect(await sizeOf((await runOne('convert', 'png', turned)).bytes)).toEqual([20, 40]);
  });

  it('paints white under what was transparent where a format has no transparency', async () => {
    const clear = await sharp({ create: { width: 8, height: 8, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } }).png().toBuffer();
    const [red = 0] = await pixelAt((await runOne('convert', 'jpg', { filename: 'clear.png', bytes: clear })).bytes, 4, 4);
    expect(red).toBeGreaterThan(250);
  });

  it('rasterises drawings, and never writes them', async () => {
    const drawing = text('sign.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="32"><rect width="64" height="32" fill="red"/></svg>');
    const png = await runOne('convert', 'png', drawing);
    expect(await sizeOf(png.bytes)).toEqual([64, 32]);
    expect(await pixelAt(png.bytes, 5, 5)).toEqual([255, 0, 0]);
    await expect(runOne('convert', 'svg', await sample('harbour.jpg'))).rejects.toEqual(refusal('unsupported'));
  });

  it('resizes within the box, or fills it when told to crop', async () => {
    const source = await sample('harbour.jpg');
    const inside = await runOne('resize', '', source, { width: 300, height: 300, resize_by: 'px' });
    const cropped = await runOne('resize', '', source, { width: 300, height: 300, resize_handling: 'keep_aspect_ratio_crop' });
    expect(await sizeOf(inside.bytes)).toEqual([300, 200]);
    expect(await sizeOf(cropped.bytes)).toEqual([300, 300]);
    expect((await fileTypeFromBuffer(inside.bytes))?.ext).toBe('jpg');
    await expect(runOne('resize', '', source)).rejects.toEqual(refusal('bad_option'));
  });

  it('makes thumbnails in the format either vendor asks for, never larger than the original', async () => {
    const source = await sample('lighthouse.jpg');
    const api = await runOne('thumbnail', '', source, { thumbnail_target: 'webp', width: 120 });
    expect([(await fileTypeFromBuffer(api.bytes))?.ext, await sizeOf(api.bytes)]).toEqual(['webp', [120, 80]]);
    const run = await runOne('thumbnail', 'jpg', source);
    expect([(await fileTypeFromBuffer(run.bytes))?.ext, await sizeOf(run.bytes)]).toEqual(['jpg', [300, 200]]);
    const tiny = { filename: 'tiny.png', bytes: await twoHalves().png().toBuffer() };
    expect(await sizeOf((await runOne('thumbnail', 'png', tiny)).bytes)).toEqual([40, 20]);
  });

  it('keeps all frames of an animation from GIF to WebP', async () => {
    const frames = await Promise.all(['red', 'lime', 'blue'].map((background) => sharp({ create: { width: 10, height: 10, channels: 3, background } }).png().toBuffer()));
    const gif = await sharp(frames, { join: { animated: true } }).gif().toBuffer();
    const webp = await runOne('convert', 'webp', { filename: 'lamp.gif', bytes: gif });
    expect((await sharp(webp.bytes).metadata()).pages).toBe(3);
  });

  it('marks what differs between two images, and nothing where nothing does', async () => {
    const plain = { filename: 'plain.png', bytes: await twoHalves().png().toBuffer() };
    const dot = await twoHalves().png().toBuffer();
    const dotted = await sharp(dot).composite([{ input: { create: { width: 4, height: 4, channels: 3, background: 'lime' } }, left: 30, top: 10 }]).png().toBuffer();
    const [diff] = await run('compare-images', '', [plain, { filename: 'dotted.png', bytes: dotted }], { method: 'ssim', threshold: 5, diff_color: 'red' });
    expect(await pixelAt(diff?.bytes ?? dot, 31, 11)).toEqual([255, 0, 0]);
    const [same] = await run('compare-images', '', [plain, plain]);
    const [red, green] = await pixelAt(same?.bytes ?? dot, 31, 11);
    expect(red).toBe(green);
    await expect(run('compare-images', '', [plain, await sample('harbour.jpg')])).rejects.toEqual(refusal('unsupported'));
    await expect(run('compare-images', '', [plain])).rejects.toEqual(refusal('bad_option'));
  });
});

describe('comparison', () => {
  const plain = async (): Promise<SourceFile> => ({ filename: 'plain.png', bytes: await twoHalves().png().toBuffer() });
  const figure = async (second: SourceFile, options: Record<string, unknown>): Promise<string> => {
    const marked = await runOne('compare-images', '', [await plain(), second], options);
    return String((JSON.parse((await runOne('read-metadata', 'json', marked)).bytes.toString()) as { exif: { ImageDescription: string } }).exif.ImageDescription);
  };
  const dotted = async (): Promise<SourceFile> => {
    const dot = { input: { create: { width: 4, height: 4, channels: 3 as const, background: 'lime' } }, left: 30, top: 10 };
    return { filename: 'dotted.png', bytes: await sharp((await plain()).bytes).composite([dot]).png().toBuffer() };
  };

  it('tells its figure, which depends on the method', async () => {
    expect(await figure(await plain(), {})).toBe('ssim 1.0000, 0 of 800 pixels differ');
    expect(await figure(await dotted(), { method: 'ae' })).toBe('ae 0.0200, 16 of 800 pixels differ');
    expect(await figure(await dotted(), { method: 'rmse' })).toMatch(/^rmse 0\.11\d\d, 16 of 800/);
    expect(await figure(await dotted(), {})).toMatch(/^ssim 0\.[789]\d*, 16 of 800/);
  });

  it('bears as much as it is told to', async () => {
    const faint = { filename: 'faint.png', bytes: await twoHalves().linear(1, 6).png().toBuffer() };
    expect(await figure(faint, { method: 'ae', threshold: 5 })).toContain(' 0 of 800');
    expect(await figure(faint, { method: 'ae', threshold: 1 })).not.toContain(' 0 of 800');
    await expect(runOne('compare-images', '', [await plain(), faint], { method: 'by eye' })).rejects.toEqual(refusal('bad_option'));
  });
});

describe('tone and resolution', () => {
  it.each(['png', 'jpg', 'bmp'])('grey and negative as %s', async (target) => {
    const source = { filename: 'flag.png', bytes: await twoHalves().png().toBuffer() };
    const seen = async (color: string): Promise<number[]> => pixelAt((await runOne('convert', 'png', await runOne('convert', target, source, { color }))).bytes, 5, 5);
    const [red, green, blue] = [await seen('colored'), await seen('gray'), await seen('negate')].map(([one = 0, two = 0]) => Math.sign(Math.trunc((one - two) / 40)));
    expect([red, green, blue]).toEqual([1, 0, -1]);
    expect((await seen('monochrome')).every((value) => value < 10 || value > 245)).toBe(true);
    await expect(runOne('convert', target, source, { color: 'sepia' })).rejects.toEqual(refusal('bad_option'));
  });

  it.each(['jpg', 'png', 'tiff'])('notes the resolution in a %s, and leaves the pixels as they are', async (target) => {
    const { density, width } = await sharp((await runOne('convert', target, await sample('harbour.jpg'), { dpi: 300 })).bytes).metadata();
    expect([density, width]).toEqual([300, 1200]);
  });

  it('draws a drawing as finely as it is told to', async () => {
    const drawing = text('sign.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="48"><rect width="96" height="48" fill="red"/></svg>');
    expect(await sizeOf((await runOne('convert', 'png', drawing, { dpi: 300 })).bytes)).toEqual([300, 150]);
    expect(await sizeOf((await runOne('convert', 'png', drawing)).bytes)).toEqual([96, 48]);
  });
});

describe('compression', () => {
  it('makes a JPEG smaller the higher the level, and keeps it a JPEG', async () => {
    const source = await sample('harbour.jpg');
    const results = await Promise.all(['low', 'medium', 'high'].map((compression_level) => runOne('compress', '', source, { compression_level })));
    for (const { bytes } of results) expect((await fileTypeFromBuffer(bytes))?.ext).toBe('jpg');
    const [low = 0, medium = 0, high = 0] = results.map(({ bytes }) => bytes.length);
    expect([source.bytes.length > low, low > medium, medium > high]).toEqual([true, true, true]);
  });

  it('never gives back more than it got', async () => {
    const source = await sample('harbour.jpg');
    const once = await runOne('compress', '', source, { level: 'high' });
    const twice = await runOne('compress', '', once, { level: 'low' });
    expect(twice.bytes.length).toBeLessThanOrEqual(once.bytes.length);
  });

  it('packs a PDF and keeps its pages', async () => {
    const loose = await PDFDocument.load((await sample('terms.pdf')).bytes);
    const bytes = Buffer.from(await loose.save({ useObjectStreams: false }));
    const packed = await runOne('compress', '', { filename: 'terms.pdf', bytes });
    expect(packed.bytes.length).toBeLessThan(bytes.length);
    expect(await pagesOf(packed)).toBe(2);
  });
});
