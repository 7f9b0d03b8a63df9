import { degrees, PDFDocument } from '@cantoo/pdf-lib';
import { fileTypeFromBuffer } from 'file-type';
import sharp from 'sharp';
import { pagesOf, refusal, run, runOne, sample, sizeOf, text, twoHalves, writtenOn } from './sandbox-engine-support.js';

describe('documents', () => {
  it('lays an image out as one page of its shape', async () => {
    const pdf = await runOne('convert', 'pdf', await sample('harbour.jpg'));
    expect((await fileTypeFromBuffer(pdf.bytes))?.mime).toBe('application/pdf');
    const page = (await PDFDocument.load(pdf.bytes)).getPage(0).getSize();
    expect(page).toEqual({ width: 900, height: 600 });
  });

  it('pages a long text, and writes what its font cannot as something else', async () => {
    const short = await runOne('convert', 'pdf', text('short.txt', 'Grüße aus Łódź \u{1f6a2} 北京\t\u0007 – “ok”'));
    expect(await writtenOn(short.bytes)).toEqual(['Gr\xfc\xdfe aus ?\xf3dz ? ??    ? \x96 \x93ok\x94']);
    const long = await runOne('convert', 'pdf', text('long.txt', 'A line that is said again.\n'.repeat(200)));
    expect(await pagesOf(long)).toBe(5);
    const unbroken = await runOne('convert', 'pdf', text('unbroken.txt', 'x'.repeat(20_000)));
    expect(await pagesOf(unbroken)).toBeGreaterThan(3);
  });

  it.each([
    ['notes.md', '# Title\n\nSome *text*.\n\n- one\n- two\n\n```\ncode\n```\n', 'Title\nSome text.\n\x95\none\n\x95\ntwo\ncode'],
    ['notes.html', '<h1>Title</h1><p>Some <b>text</b>.</p><ul><li>one<li>two</ul>', 'Title\nSome text.\n\x95\none\n\x95\ntwo'],
    ['notes.csv', 'name,height\n"Lamp, big",3\nRope,1\n', 'name       height\nLamp, big  3\nRope       1'],
    ['notes.txt', 'Title\n\nSome text.', 'Title\nSome text.'],
  ])('%s becomes a PDF', async (filename, content, drawn) => {
    const pdf = await runOne('convert', 'pdf', text(filename, content));
    expect(pdf.filename).toBe('notes.pdf');
    expect(await writtenOn(pdf.bytes)).toEqual([drawn]);
  });

  it('tells text formats in one another’s words', async () => {
    const markdown = text('a.md', '# Tide & time\n\nSee **the** [table](https://example.com/t).\n\n- low\n- high\n');
    expect((await runOne('convert', 'html', markdown)).bytes.toString()).toContain(
      '<h1>Tide &#38; time</h1>\n<p>See the table (https://example.com/t).</p>\n<ul>\n<li>low</li>\n<li>high</li>\n</ul>',
    );
    expect((await runOne('convert', 'txt', markdown)).bytes.toString()).toBe('Tide & time\nSee the table (https://example.com/t).\n- low\n- high\n');
    const html = text('a.html', '<head><title>x</title></head><script>if (a<b) alert("</p>")</script><h2>Caf&eacute; &amp; &#233;</h2>a < b<!-- no > --><p>c<li>d');
    expect((await runOne('convert', 'md', html)).bytes.toString()).toBe('## Caf&eacute; & é\n\na < b\n\nc\n\n- d\n');
  });

  it('escapes what would be markup', async () => {
    const html = await runOne('convert', 'html', text('"><script>.txt', '<script>alert(1)</script>'));
    expect(html.bytes.toString()).not.toContain('<script>');
  });

  it('turns tables into records and back', async () => {
    const json = await runOne('convert', 'json', text('t.csv', 'name;note\n"Lamp; big";"says ""hi"""\nRope;\n'));
    expect(JSON.parse(json.bytes.toString())).toEqual([{ name: 'Lamp; big', note: 'says "hi"' }, { name: 'Rope', note: '' }]);
    expect((await runOne('convert', 'csv', json)).bytes.toString()).toBe('name,note\nLamp; big,"says ""hi"""\nRope,\n');
    await expect(runOne('convert', 'csv', text('t.json', '{"a":'))).rejects.toEqual(refusal('corrupt_input'));
  });

  it('merges PDFs, images and texts in order', async () => {
    const inputs = [await sample('terms.pdf'), await sample('harbour.jpg'), await sample('invoice.pdf'), await sample('notes.txt')];
    const [merged, ...more] = await run('merge', 'pdf', inputs);
    if (!merged) throw new Error('nothing was merged');
    expect([merged.filename, more.length]).toEqual(['terms.pdf', 0]);
    const widths = (await PDFDocument.load(merged.bytes)).getPages().map((page) => Math.round(page.getWidth()));
    expect(widths).toEqual([595, 595, 900, 595, 595]);
    const [asConvert] = await run('convert', 'pdf', inputs, { merge: true });
    expect(asConvert?.bytes.equals(merged.bytes)).toBe(true);
  });
});

describe('watermarks', () => {
  it('are seen on an image, whatever the text, and keep its size and format', async () => {
    const source = await sample('harbour.jpg');
    const marked = await runOne('watermark', '', source, { text: '<b>"Tom & Ana"</b>' });
    expect([(await fileTypeFromBuffer(marked.bytes))?.ext, await sizeOf(marked.bytes)]).toEqual(['jpg', [1200, 800]]);
    const original = await sharp(source.bytes).raw().toBuffer();
    const apart = async (bytes: Buffer): Promise<number> => {
      const other = await sharp(bytes).raw().toBuffer();
      return original.reduce((count, value, at) => count + (Math.abs(value - (other[at] ?? 0)) > 40 ? 1 : 0), 0);
    };
    const control = await runOne('convert', 'jpg', source);
    expect(await apart(control.bytes)).toBeLessThan(1_000);
    expect(await apart(marked.bytes)).toBeGreaterThan(10_000);
  });

  it('fit an image that lies on its side', async () => {
    const turned = { filename: 'b.jpg', bytes: await twoHalves(400, 100).withMetadata({ orientation: 6 }).jpeg().toBuffer() };
    expect(await sizeOf((await runOne('watermark', '', turned, { text: 'Draft' })).bytes)).toEqual([100, 400]);
  });

  it('go on every page of a PDF, turned pages too', async () => {
    const source = await PDFDocument.load((await sample('terms.pdf')).bytes);
    source.getPage(1).setRotation(degrees(90));
    const plain = { filename: 'terms.pdf', bytes: Buffer.from(await source.save()) };
    const marked = await runOne('watermark', '', plain, { text: 'Confidential é' });
    expect(await pagesOf(marked)).toBe(2);
    const [before, after] = [await writtenOn(plain.bytes), await writtenOn(marked.bytes)];
    expect(before.join()).not.toContain('Confidential');
    expect(after).toEqual(before.map((page) => `${page}\nConfidential \xe9`));
  });

  it('are refused where a PDF’s own fonts cannot write them, and not where they can', async () => {
    const pdf = await sample('terms.pdf');
    await expect(runOne('watermark', '', pdf, { text: 'Confidential 機密' })).rejects.toEqual(refusal('unsupported'));
    await expect(runOne('watermark', '', pdf, { text: 'Really?' })).resolves.toBeDefined();
  });

  it('need a text', async () => {
    await expect(runOne('watermark', '', await sample('harbour.jpg'))).rejects.toEqual(refusal('bad_option'));
  });
});
