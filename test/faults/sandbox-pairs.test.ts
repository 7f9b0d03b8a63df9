import { PDFDocument } from '@cantoo/pdf-lib';
import { fileTypeFromBuffer } from 'file-type';
import { formats, type ResultFile, type SourceFile, targetsOf } from '../../src/sandbox/engine/engine.js';
import { film, has, tone } from '../unit/sandbox-engine-programs.js';
import { run, runOne, sample, sizeOf, text } from '../unit/sandbox-engine-support.js';

/** Each source says this, so that a result that says it is more than a file of the right kind. */
const WORDS = 'Harbour lights';
const RASTERS = ['jpg', 'png', 'webp', 'avif', 'tiff', 'gif', 'bmp'];
const ARCHIVES = ['zip', 'tar', 'tar.gz'];
const OLD_OFFICE = ['doc', 'xls', 'ppt'];
const TEXTS = ['txt', 'md', 'html', 'csv', 'json'];
const known = new Map(formats().map((format) => [format.extension, format]));
const category = (format: string): string => known.get(format)?.category ?? '';

async function officeSource(format: string): Promise<SourceFile> {
  if (['xlsx', 'ods', 'xls'].includes(format)) {
    const sheet = await runOne('convert', 'ods', text('source.csv', `name,height\n${WORDS},3\n`));
    return format === 'ods' ? sheet : runOne('convert', format, sheet);
  }
  if (['pptx', 'odp', 'ppt'].includes(format)) return slides(format);
  const document = await runOne('convert', 'odt', text('source.txt', WORDS));
  return format === 'odt' ? document : runOne('convert', format, document);
}

/** The smallest OpenDocument presentation there is, zipped by the engine's own hand. */
async function slides(format: string): Promise<SourceFile> {
  const names = 'office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0"';
  const frame = `<draw:frame svg:width="10cm" svg:height="3cm" svg:x="1cm" svg:y="1cm"><draw:text-box><text:p>${WORDS}</text:p></draw:text-box></draw:frame>`;
  const content = `<?xml version="1.0" encoding="UTF-8"?><office:document xmlns:${names} office:version="1.2" office:mimetype="application/vnd.oasis.opendocument.presentation"><office:body><office:presentation><draw:page draw:name="one">${frame}</draw:page></office:presentation></office:body></office:document>`;
  const { convertOffice } = await import('../../src/sandbox/engine/office.js');
  return { filename: `source.${format}`, bytes: await convertOffice(Buffer.from(content), 'odp', format) };
}

async function sourceOf(format: string): Promise<SourceFile> {
  const page = text('source.html', `<h1>${WORDS}</h1>`);
  if (RASTERS.includes(format)) return runOne('convert', format, { ...(await sample('harbour.jpg')), filename: 'source.jpg' }, { width: 60 });
  if (format === 'svg') return text('source.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><rect width="60" height="40" fill="teal"/></svg>');
  if (format === 'csv') return text('source.csv', `name,height\n${WORDS},3\n`);
  if (format === 'json') return text('source.json', `[{"name":"${WORDS}","height":3}]`);
  if (format === 'html') return page;
  if (TEXTS.includes(format)) return text(`source.${format}`, WORDS);
  if (format === 'pdf') return runOne('convert', 'pdf', page);
  if (ARCHIVES.includes(format)) return runOne('archive', format, text('source.txt', WORDS));
  if (category(format) === 'audio') return format === 'wav' ? tone('source.wav') : runOne('convert', format, tone('source.wav'));
  if (category(format) === 'video') return format === 'mp4' ? { ...(await film()), filename: 'source.mp4' } : runOne('convert', format, { ...(await film()), filename: 'source.mp4' });
  return officeSource(format);
}

/** Checks on the bytes themselves: magic, and then what is in it. */
async function holds(from: string, to: string, { bytes }: ResultFile): Promise<void> {
  const magic = (await fileTypeFromBuffer(bytes))?.ext.replace(/^tif$/, 'tiff').replace(/^gz$/, 'tar.gz') ?? '';
  const spoken = [...TEXTS, 'pdf'].includes(from) || category(from) === 'document';
  if (TEXTS.includes(to)) {
    expect(bytes.toString('utf8')).toContain(WORDS);
    if (to === 'json') expect(JSON.parse(bytes.toString())).toEqual([{ name: WORDS, height: '3' }]);
  } else if (OLD_OFFICE.includes(to)) {
    expect(magic).toBe('cfb');
  } else {
    expect(magic).toBe(to);
  }
  if (to === 'pdf') {
    expect((await PDFDocument.load(bytes)).getPageCount()).toBe(1);
    if (spoken) expect((await runOne('convert', 'txt', { filename: 'a.pdf', bytes })).bytes.toString()).toContain(WORDS);
  }
  if (RASTERS.includes(to)) {
    const [width, height] = await sizeOf(to === 'bmp' ? (await runOne('convert', 'png', { filename: 'a.bmp', bytes })).bytes : bytes);
    if (category(from) === 'image') expect([width, height]).toEqual([60, 40]);
    else expect(Math.min(width, height)).toBeGreaterThanOrEqual(120);
  }
  if (ARCHIVES.includes(to)) expect(String((await runOne('extract-archive', '', { filename: `a.${to}`, bytes })).bytes)).toBe(WORDS);
  if (['audio', 'video'].includes(category(to)) && has('ffprobe')) {
    const told = JSON.parse((await runOne('read-metadata', 'json', { filename: `a.${to}`, bytes })).bytes.toString()) as { streams: { codec_type: string; width?: number }[]; duration?: number };
    expect(told.streams.map(({ codec_type }) => codec_type).sort()).toEqual(category(to) === 'audio' ? ['audio'] : ['audio', 'video']);
    // Bare AAC does not say how long it is.
    if (to !== 'aac') expect(Math.abs((told.duration ?? 0) - 2)).toBeLessThan(from === 'aac' ? 0.6 : 0.3);
  }
}

/** A program takes seconds for a pair: of its pairs each source tries one, and another source the next. `ALL_PAIRS=1` tries them all. */
function tried(from: string, place: number): readonly string[] {
  const targets = targetsOf(from);
  const byProgram = ['audio', 'video'].includes(category(from)) || (category(from) === 'document' && !TEXTS.includes(from) && from !== 'pdf');
  return byProgram && process.env['ALL_PAIRS'] === undefined ? targets.slice(place % targets.length, (place % targets.length) + 1) : targets;
}

describe('every pair that the engine lists', () => {
  const froms = formats().map(({ extension }) => extension).filter((format) => targetsOf(format).length > 0);

  it('is many, and more with the programs than without', () => {
    const pairs = froms.flatMap((from) => targetsOf(from));
    expect(pairs.length).toBeGreaterThan(80 + (has('soffice') ? 70 : 0) + (has('ffmpeg') ? 100 : 0));
    expect(new Set(froms).has('docx')).toBe(has('soffice'));
    expect(new Set(froms).has('mp3')).toBe(has('ffmpeg'));
    for (const target of pairs) expect(known.has(target)).toBe(true);
  });

  it.each(froms)('from %s', async (from) => {
    const source = await sourceOf(from);
    const one = async (to: string): Promise<void> => {
      const [result, ...more] = await run('convert', to, [source]);
      if (!result) throw new Error(`${from} to ${to} gave nothing`);
      expect([result.filename, result.contentType, more]).toEqual([`source.${to}`, known.get(to)?.contentType, []]);
      await holds(from, to, result).catch((error: unknown) => {
        throw new Error(`${from} to ${to}: ${String(error)}`);
      });
    };
    // At once: the engine itself lets no more run than is good.
    await Promise.all(tried(from, froms.indexOf(from)).map(one));
  }, 240_000);
});
