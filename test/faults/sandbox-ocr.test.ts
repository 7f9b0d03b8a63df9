import { PDFDocument } from '@cantoo/pdf-lib';
import { refusal, run, runOne, sample, twoHalves } from '../unit/sandbox-engine-support.ts';

/** A page as a scanner gives it: nothing but a picture. */
const scan = async (name: string): Promise<{ filename: string; bytes: Buffer }> => {
  const [page] = await run('convert', 'png', [await sample(name)], { dpi: 110, pages: 'first' });
  return { filename: 'scan.png', bytes: page?.bytes ?? Buffer.alloc(0) };
};

describe('text recognition', () => {
  it('reads a scanned page', async () => {
    const read = await runOne('ocr', 'txt', await scan('invoice.pdf'));
    expect([read.filename, read.contentType]).toEqual(['scan.txt', 'text/plain']);
    for (const words of ['Harbour Office', 'Brass lantern, storm pattern', '1799.70']) expect(read.bytes.toString()).toContain(words);
  }, 60_000);

  it('reads the pages of a PDF, each by itself, or those that are named', async () => {
    const [first = '', second = ''] = (await runOne('ocr', '', await sample('terms.pdf'))).bytes.toString().split('\f');
    expect([first.includes('An order binds both sides'), second.includes('Late payments bear interest')]).toEqual([true, true]);
    expect((await runOne('ocr', 'txt', await sample('terms.pdf'), { pages: 2, language: 'EN' })).bytes.toString()).not.toContain('An order binds');
  }, 60_000);

  it('makes a scan searchable: a PDF without text becomes one with it, of the same pages', async () => {
    const flat = await runOne('convert', 'pdf', await scan('invoice.pdf'));
    await expect(run('convert', 'txt', [flat])).rejects.toEqual(refusal('unsupported'));
    const searchable = await runOne('ocr', 'pdf', flat);
    expect((await PDFDocument.load(searchable.bytes)).getPageCount()).toBe(1);
    expect((await runOne('convert', 'txt', searchable)).bytes.toString()).toContain('Brass lantern');
  }, 60_000);

  it('tells where each word is', async () => {
    expect((await runOne('ocr', 'html', await scan('invoice.pdf'))).bytes.toString()).toMatch(/class='ocrx_word'[^>]*bbox \d+ \d+ \d+ \d+/);
  }, 60_000);

  it('refuses a language that it does not know, a format that it does not write, and files without a picture', async () => {
    const page = { filename: 'flag.png', bytes: await twoHalves().png().toBuffer() };
    await expect(run('ocr', 'txt', [page], { language: 'deu' })).rejects.toMatchObject({ reason: 'unsupported', message: expect.stringContaining('deu') as string });
    await expect(run('ocr', 'docx', [page])).rejects.toEqual(refusal('unsupported'));
    await expect(run('ocr', 'txt', [await sample('notes.txt')])).rejects.toEqual(refusal('unsupported'));
    await expect(run('ocr', 'txt', [{ filename: 'a.png', bytes: Buffer.from('no picture') }])).rejects.toEqual(refusal('corrupt_input'));
  });
});
