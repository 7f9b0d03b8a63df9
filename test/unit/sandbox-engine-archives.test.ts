import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fileTypeFromBuffer } from 'file-type';
import { Header } from 'tar';
import { ZipFile } from 'yazl';
import { refusal, run, sample, text } from './sandbox-engine-support.js';

describe('archives', () => {
  it.each([
    ['zip', 'zip', 'application/zip'],
    ['tar', 'tar', 'application/x-tar'],
    ['tgz', 'tar.gz', 'application/gzip'],
  ])('%s holds every file, and gives each back', async (target, extension, contentType) => {
    const inputs = [await sample('notes.txt'), await sample('harbour.jpg'), text('notes.txt', 'another'), text('é ü.txt', 'accents')];
    const [packed, ...more] = await run('archive', target, inputs);
    if (!packed) throw new Error('nothing was packed');
    expect(more).toEqual([]);
    expect(packed).toMatchObject({ filename: `notes.${extension}`, contentType });
    const unpacked = await run('extract-archive', '', [packed]);
    expect(unpacked.map(({ filename }) => filename)).toEqual(['notes.txt', 'harbour.jpg', 'notes (2).txt', 'é ü.txt']);
    expect(unpacked.map(({ bytes }) => bytes.toString('hex'))).toEqual(inputs.map(({ bytes }) => bytes.toString('hex')));
    expect(unpacked[1]?.contentType).toBe('image/jpeg');
    expect((await run('archive', target, inputs))[0]?.bytes.equals(packed.bytes)).toBe(true);
  });

  it('makes names of paths: nothing leads out of a folder', async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from('x'), 'etc/passwd');
    zip.addBuffer(Buffer.from('y'), 'aa/escape.txt');
    zip.end();
    const bytes = await buffer(zip.outputStream);
    for (let at = bytes.indexOf('aa/escape'); at !== -1; at = bytes.indexOf('aa/escape', at + 1)) bytes.write('../escape', at, 'latin1');
    const unpacked = await run('extract-archive', '', [{ filename: 'evil.zip', bytes }]);
    expect(unpacked.map(({ filename }) => filename)).toEqual(['passwd', 'escape.txt']);
    const [packed] = await run('archive', 'tar', [text('../../up.txt', 'z')]);
    expect(new Header(packed?.bytes).path).toBe('up.txt');
  });

  it.each(['zip', 'tar', 'tar.gz'])('says so when a %s is cut short', async (target) => {
    const [packed] = await run('archive', target, [await sample('harbour.jpg')]);
    const cut = { filename: `cut.${target}`, bytes: (packed?.bytes ?? Buffer.alloc(0)).subarray(0, 60_000) };
    await expect(run('extract-archive', '', [cut])).rejects.toEqual(refusal('corrupt_input'));
  });

  it('is really gzip around tar', async () => {
    const [packed] = await run('archive', 'tar.gz', [await sample('notes.txt')]);
    expect((await fileTypeFromBuffer(gunzipSync(packed?.bytes ?? '')))?.ext).toBe('tar');
  });

  it('becomes another kind of archive with its folders, and none of its ways out', async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from('chart'), 'maps/north/bay.txt');
    zip.addBuffer(Buffer.from('z'), 'aa/escape.txt');
    zip.end();
    const bytes = await buffer(zip.outputStream);
    for (let at = bytes.indexOf('aa/escape'); at !== -1; at = bytes.indexOf('aa/escape', at + 1)) bytes.write('../escape', at, 'latin1');
    const [tar] = await run('convert', 'tar', [{ filename: 'maps.zip', bytes }]);
    expect([tar?.filename, new Header(tar?.bytes).path]).toEqual(['maps.tar', 'maps/north/bay.txt']);
    const [back] = await run('convert', 'zip', tar ? [tar] : []);
    const [told] = await run('read-metadata', 'json', back ? [back] : []);
    expect(JSON.parse(String(told?.bytes))).toMatchObject({ files: [{ path: 'maps/north/bay.txt', size: 5 }, { path: 'escape.txt', size: 1 }] });
  });

  it('takes a single file out of its gzip', async () => {
    const [out, ...more] = await run('extract-archive', '', [{ filename: 'log.txt.gz', bytes: gzipSync('one line') }]);
    expect([out?.filename, out?.bytes.toString(), more]).toEqual(['log.txt', 'one line', []]);
  });
});
