import { create as contentDisposition } from 'content-disposition';

/** Headers of a file that is sent as a download: whatever it holds, a browser must not run it here. */
export function sendHeaders(filename: string, contentType: string): Record<string, string> {
  return {
    'content-type': contentType,
    'content-disposition': contentDisposition(filename),
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, no-transform',
  };
}
