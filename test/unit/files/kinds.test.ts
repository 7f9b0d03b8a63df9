import { readFile } from 'node:fs/promises';
import sharp from 'sharp';
import { contentTypeOf, sniffFormat, whyNot } from '../../../src/files/kinds.js';

const sample = (name: string) => readFile(new URL(`../../samples/${name}`, import.meta.url));
const picture = (format: 'png' | 'jpeg' | 'webp' | 'gif' | 'tiff' | 'avif') => sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } }).toFormat(format).toBuffer();

describe('real files', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)('%s is known by its first bytes, and is nothing else', async (format) => {
    const bytes = await picture(format);
    const head = bytes.subarray(0, 4100);
    expect(await whyNot(format, head, bytes.length)).toBeNull();
    for (const other of ['pdf', 'mp4', 'zip', format === 'png' ? 'jpg' : 'png']) expect(await whyNot(other, head, bytes.length)).toContain(`claims to be ${other}`);
  });

  it.each([['invoice.pdf', 'pdf'], ['harbour.jpg', 'jpg']])('%s is %s', async (name, format) => {
    const bytes = await sample(name);
    expect(await sniffFormat(bytes.subarray(0, 4100))).toBe(format);
    expect(await whyNot(format, bytes.subarray(0, 4100), bytes.length)).toBeNull();
  });

  it('text claims what it likes, as long as that has no telling beginning', async () => {
    const text = await sample('notes.txt');
    for (const format of ['txt', 'md', 'csv', 'html', 'svg', 'json', null]) expect(await whyNot(format, text, text.length)).toBeNull();
    for (const format of ['png', 'pdf', 'docx', 'mp3']) expect(await whyNot(format, text, text.length)).not.toBeNull();
  });
});

it.each([
  [[0x50, 0x4b, 0x03, 0x04], 'docx'],
  [[0x50, 0x4b, 0x03, 0x04], 'zip'],
  [[0x1f, 0x8b, 0x08], 'tar.gz'],
  [[0x1f, 0x8b, 0x08], 'gz'],
])('what shares a container is not told apart: %j may be %s', async (bytes, format) => {
  expect(await whyNot(format, Buffer.from([...bytes, ...Buffer.alloc(60)]), 64)).toBeNull();
});

it('an empty file is nothing, whatever it claims', async () => {
  for (const format of [null, 'txt', 'png']) expect(await whyNot(format, Buffer.alloc(0), 0)).toBe('The file is empty.');
});

it.each([['a.png', 'image/png'], ['a.JPEG', 'image/jpeg'], ['a.tar.gz', 'application/gzip'], ['a.pdf', 'application/pdf'], ['a', 'application/octet-stream'], ['a.nothing', 'application/octet-stream']])('%s is sent as %s', (name, type) => {
  expect(contentTypeOf(name)).toBe(type);
});
