import { degrees, PDFDocument, StandardFonts } from '@cantoo/pdf-lib';
import { fileTypeFromBuffer } from 'file-type';
import sharp from 'sharp';
import type { SourceFile } from '../../src/sandbox/engine/engine.js';
import { pagesOf, pixelAt, refusal, run, runOne, sample, sizeOf, twoHalves, writtenOn } from '../unit/sandbox-engine-support.js';

/** A PDF of `count` pages, each with its number in it. */
async function numbered(count: number, size: [number, number] = [200, 100]): Promise<SourceFile> {
  const pdf = await PDFDocument.create();
  const font = await pdf.embedFont(StandardFonts.Helvetica);
  for (let page = 1; page <= count; page += 1) pdf.addPage(size).drawText(`Page number ${page}`, { x: 20, y: 40, size: 12, font });
  return { filename: 'book.pdf', bytes: Buffer.from(await pdf.save()) };
}

const darkest = async (bytes: Buffer): Promise<number> => (await sharp(bytes).stats()).channels[0]?.min ?? 255;

describe('pages of a PDF as pictures', () => {
  it.each(['png', 'jpg', 'webp', 'tiff', 'avif', 'gif', 'bmp'])('each a real %s of the page’s shape, with what is on it', async (target) => {
    const results = await run('convert', target, [await sample('terms.pdf')], { dpi: 72 });
    expect(results.map(({ filename }) => filename)).toEqual([`terms-1.${target}`, `terms-2.${target}`]);
    for (const result of results) {
      expect((await fileTypeFromBuffer(result.bytes))?.ext.replace('tif', 'tiff')).toBe(target);
      const png = target === 'bmp' ? await runOne('convert', 'png', result) : result;
      expect(await sizeOf(png.bytes)).toEqual([595, 842]);
      expect(await darkest(png.bytes)).toBeLessThan(100);
    }
  });

  it('in the resolution, size, colours and choice that are asked for', async () => {
    const book = await numbered(5);
    expect(await sizeOf((await runOne('convert', 'png', book, { pages: '3' })).bytes)).toEqual([417, 208]);
    expect((await sharp((await runOne('convert', 'png', book, { pages: 'last', dpi: 300 })).bytes).metadata()).density).toBe(300);
    expect(await sizeOf((await runOne('convert', 'png', book, { pages: 'first', width: 1000 })).bytes)).toEqual([1000, 500]);
    const names = (await run('convert', 'jpg', [book], { pages: '4-5,1' })).map(({ filename }) => filename);
    expect(names).toEqual(['book-1.jpg', 'book-4.jpg', 'book-5.jpg']);
    for (const pages of ['0', '6', '3-1', 'some', '1;2', '-']) await expect(run('convert', 'png', [book], { pages })).rejects.toEqual(refusal('bad_option'));
  });

  it('the name stays where there is one page', async () => {
    expect((await runOne('convert', 'png', await sample('invoice.pdf'))).filename).toBe('invoice.png');
  });

  it('turned pages are seen turned', async () => {
    const pdf = await PDFDocument.load((await numbered(1)).bytes);
    pdf.getPage(0).setRotation(degrees(90));
    const turned = { filename: 'turned.pdf', bytes: Buffer.from(await pdf.save()) };
    expect(await sizeOf((await runOne('convert', 'png', turned, { dpi: 72 })).bytes)).toEqual([100, 200]);
  });

  it('a thumbnail shows the first page', async () => {
    const small = await runOne('thumbnail', 'png', await sample('terms.pdf'), { width: 200 });
    expect([small.filename, await sizeOf(small.bytes)]).toEqual(['terms.png', [200, 283]]);
    expect(await darkest(small.bytes)).toBeLessThan(140);
    const empty = await PDFDocument.create();
    empty.addPage([100, 100]);
    const blank = await runOne('thumbnail', 'png', { filename: 'blank.pdf', bytes: Buffer.from(await empty.save()) });
    expect(await darkest(blank.bytes)).toBe(255);
  });

  it('a page that would be too large, and too many pages, are refused', async () => {
    await expect(run('convert', 'png', [await numbered(1, [14_000, 14_000])], { dpi: 600 })).rejects.toEqual(refusal('unsupported'));
    await expect(run('convert', 'png', [await numbered(201)])).rejects.toEqual(refusal('unsupported'));
    await expect(run('convert', 'png', [await numbered(201)], { pages: '200-201', dpi: 20 })).resolves.toHaveLength(2);
  });
});

describe('text of a PDF', () => {
  it('comes as text, page by page', async () => {
    const [first = '', second = ''] = (await runOne('convert', 'txt', await sample('terms.pdf'))).bytes.toString().split('\f');
    expect(first).toContain('Prices are in pounds sterling, without value added tax.\nThey hold for thirty days');
    expect(second).toContain('Late payments bear interest');
    expect(first).not.toContain('Late payments');
  });

  it('comes as a page and as Markdown', async () => {
    expect((await runOne('convert', 'html', await sample('terms.pdf'))).bytes.toString()).toContain('<p>1. Orders</p>\n<p>An order binds both sides');
    expect((await runOne('convert', 'md', await sample('terms.pdf'), { pages: '2' })).bytes.toString()).toMatch(/^Terms of sale, continued\n\n4\. Risk\n/);
  });

  it('is refused where there is none, rather than handed over empty', async () => {
    const scan = await runOne('convert', 'pdf', await sample('harbour.jpg'));
    await expect(run('convert', 'txt', [scan])).rejects.toEqual(expect.objectContaining({ reason: 'unsupported', message: expect.stringContaining('ocr') as string }));
  });
});

describe('parts of a PDF', () => {
  it('every page as a file of its own', async () => {
    const parts = await run('convert', 'pdf', [await numbered(3)], { split: true });
    expect(parts.map(({ filename }) => filename)).toEqual(['book-1.pdf', 'book-2.pdf', 'book-3.pdf']);
    expect((await Promise.all(parts.map(({ bytes }) => writtenOn(bytes)))).flat()).toEqual(['Page number 1', 'Page number 2', 'Page number 3']);
    expect(await pagesOf(await runOne('convert', 'pdf', await numbered(3)))).toBe(3);
  });

  it('some pages in one file', async () => {
    expect(await writtenOn((await runOne('convert', 'pdf', await numbered(4), { pages: '2-3' })).bytes)).toEqual(['Page number 2', 'Page number 3']);
  });

  it('put together again they are the whole', async () => {
    const parts = await run('convert', 'pdf', [await numbered(3)], { split: true });
    expect(await writtenOn((await runOne('merge', 'pdf', parts)).bytes)).toEqual(['Page number 1', 'Page number 2', 'Page number 3']);
  });
});

describe('stamps', () => {
  const seal = async (): Promise<SourceFile> => ({ filename: 'seal.png', bytes: await twoHalves(40, 20).png().toBuffer() });

  it.each([
    ['center', [93, 52], [20, 20]],
    ['bottom-right', [156, 76], [93, 52]],
    ['top-left', [22, 22], [93, 52]],
  ] as const)('an image %s on every page', async (alignment, [x, y], [freeX, freeY]) => {
    const stamped = await runOne('stamp', 'pdf', [await numbered(2), await seal()], { alignment });
    expect(await writtenOn(stamped.bytes)).toEqual(['Page number 1', 'Page number 2']);
    for (const page of await run('convert', 'png', [stamped], { dpi: 72 })) {
      expect(await pixelAt(page.bytes, x, y)).toEqual([255, 0, 0]);
      expect((await pixelAt(page.bytes, freeX, freeY))[1]).toBeGreaterThan(0);
    }
  });

  it('the first page of another PDF', async () => {
    const stamp = await runOne('convert', 'pdf', await seal());
    const stamped = await runOne('stamp', 'pdf', [await numbered(1), stamp]);
    expect(await pixelAt((await runOne('convert', 'png', stamped, { dpi: 72 })).bytes, 93, 52)).toEqual(expect.arrayContaining([expect.any(Number)]));
    const [red = 0, , blue = 0] = await pixelAt((await runOne('convert', 'png', stamped, { dpi: 72 })).bytes, 93, 52);
    expect(red - blue).toBeGreaterThan(150);
  });

  it('needs both files, and a place that there is', async () => {
    await expect(run('stamp', 'pdf', [await numbered(1)])).rejects.toEqual(refusal('bad_option'));
    await expect(run('stamp', 'pdf', [await numbered(1), await seal()], { alignment: 'somewhere' })).rejects.toEqual(refusal('bad_option'));
  });
});

describe('bad PDFs', () => {
  it.each(['png', 'txt', 'pdf'])('to %s: noise, half a file and an encrypted one are told apart', async (target) => {
    const whole = (await sample('terms.pdf')).bytes;
    const noise = { filename: 'noise.pdf', bytes: Buffer.concat([Buffer.from('%PDF-1.7\n'), Buffer.alloc(5_000, 'q')]) };
    await expect(run('convert', target, [noise])).rejects.toEqual(refusal('corrupt_input'));
    const secret = await PDFDocument.load(whole);
    secret.encrypt({ userPassword: 'sesame', ownerPassword: 'sesame' });
    const sealed = { filename: 'sealed.pdf', bytes: Buffer.from(await secret.save()) };
    await expect(run('convert', target, [sealed])).rejects.toEqual(refusal('unsupported'));
    // What follows is well: the failures cost nothing but themselves.
    await expect(run('convert', target, [await sample('terms.pdf')])).resolves.not.toHaveLength(0);
  });

  it('a file damaged anywhere gives a result or an honest failure', async () => {
    const whole = (await sample('invoice.pdf')).bytes;
    for (const seed of [3, 5, 7, 11, 13, 17]) {
      const bytes = Buffer.from(whole);
      for (let at = seed * 37; at < bytes.length; at += seed * 41) bytes[at] = (at * seed) % 256;
      const outcome = await run('convert', 'png', [{ filename: 'damaged.pdf', bytes }], { dpi: 30 }).then(() => 'made', (error: { name?: string }) => error.name);
      expect(['made', 'Unconvertible']).toContain(outcome);
    }
  });
});
