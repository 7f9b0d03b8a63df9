import { createHash } from 'node:crypto';

const base64 = (text: string) => Buffer.from(text, 'base64');

/** Real files of one pixel, page or line: what they claim to be down to the last byte, and nothing more. */
const FILES: Readonly<Record<string, { readonly bytes: Buffer; readonly type: string }>> = {
  png: { type: 'image/png', bytes: base64('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==') },
  gif: { type: 'image/gif', bytes: base64('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7') },
  webp: { type: 'image/webp', bytes: base64('UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAwA0JaQAA3AA/vuUAAA=') },
  jpg: {
    type: 'image/jpeg',
    bytes: base64(
      '/9j/4AAQSkZJRgABAQEASABIAAD/2wBDAP//////////////////////////////////////////////////////////////////////////////////////wgALCAABAAEBAREA/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQABPxA=',
    ),
  },
  pdf: {
    type: 'application/pdf',
    bytes: Buffer.from(
      '%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/MediaBox[0 0 9 9]/Parent 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
    ),
  },
  zip: { type: 'application/zip', bytes: Buffer.concat([Buffer.from([0x50, 0x4b, 5, 6]), Buffer.alloc(18)]) },
  txt: { type: 'text/plain', bytes: Buffer.from('one line of text\n') },
  json: { type: 'application/json', bytes: Buffer.from('{"pages":1}\n') },
};

/** A small real file of that format; a format without one here is plain text. */
export function smallFile(format: string): { readonly bytes: Buffer; readonly type: string } {
  return FILES[format === 'jpeg' ? 'jpg' : format] ?? { type: 'application/octet-stream', bytes: Buffer.from(`a ${format} file\n`) };
}

export const sha256 = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
