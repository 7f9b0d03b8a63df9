import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import type { MultipartForm } from './vendor-call.js';

export interface MultipartBody {
  readonly contentType: string;
  /** In bytes: nothing is sent chunked, since not every vendor takes that. */
  readonly contentLength: number;
  readonly stream: Readable;
}

/**
 * A form as `multipart/form-data` (RFC 7578), streamed: fields in order, then the file, which is opened when its turn
 * comes. `onPiece` is called as each piece of the file is asked for, `onEnd` when all were handed over.
 */
export function multipartBody({ fields, file }: MultipartForm, onPiece: () => void, onEnd: () => void): MultipartBody {
  const boundary = `----gateway-${randomBytes(18).toString('hex')}`;
  const head = Buffer.from(
    fields.map(([name, value]) => `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"\r\n\r\n${value}\r\n`).join('') +
      `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(file.field)}"; filename="${quoted(file.content.filename)}"\r\n` +
      `Content-Type: ${mediaType(file.content.contentType)}\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  let source: Readable | null = null;

  async function* pieces(): AsyncGenerator<Buffer> {
    onPiece();
    yield head;
    source = file.content.open();
    for await (const piece of source as AsyncIterable<Buffer>) {
      onPiece();
      yield piece;
    }
    yield tail;
    onEnd();
  }

  const remaining = pieces();
  const stream = new Readable({
    read() {
      remaining.next().then(({ done, value }) => this.push(done === true ? null : value), (error: Error) => this.destroy(error));
    },
    // A generator that waits for its source cannot be ended: end the source.
    destroy(error, done) {
      source?.destroy();
      done(error);
    },
  });
  return { contentType: `multipart/form-data; boundary=${boundary}`, contentLength: head.length + file.content.size + tail.length, stream };
}

/** As browsers write it (HTML, "multipart/form-data encoding algorithm"): a name cannot end its quotes or its line. */
function quoted(name: string): string {
  return name.replaceAll('\r', '%0D').replaceAll('\n', '%0A').replaceAll('"', '%22');
}

function mediaType(contentType: string): string {
  return /^[\x20-\x7e]+$/.test(contentType) ? contentType : 'application/octet-stream';
}
