import { Unconvertible } from './unconvertible.js';

/** Pixels as rows from the top, 1 (grey), 3 (RGB) or 4 (RGBA) bytes each. */
export interface Pixels {
  readonly data: Buffer;
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3 | 4;
}

const HEADERS = 54;

/** Uncompressed 24-bit BMP; an alpha channel is left out, so flatten before. `density` in pixels per inch. */
export function encodeBmp({ data, width, height, channels }: Pixels, density = 0): Buffer {
  const rowBytes = Math.ceil((width * 3) / 4) * 4;
  const bmp = Buffer.alloc(HEADERS + rowBytes * height);
  bmp.write('BM', 0, 'latin1');
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(HEADERS, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(24, 28);
  bmp.writeUInt32LE(rowBytes * height, 34);
  const perMetre = Math.round(density / 0.0254);
  bmp.writeInt32LE(perMetre, 38);
  bmp.writeInt32LE(perMetre, 42);
  const [green, blue] = channels === 1 ? [0, 0] : [1, 2];
  for (let y = 0; y < height; y += 1) {
    let to = HEADERS + (height - 1 - y) * rowBytes;
    let from = y * width * channels;
    for (let x = 0; x < width; x += 1, from += channels, to += 3) {
      bmp[to] = data[from + blue] ?? 0;
      bmp[to + 1] = data[from + green] ?? 0;
      bmp[to + 2] = data[from] ?? 0;
    }
  }
  return bmp;
}

/** Reads uncompressed 24- and 32-bit BMPs, either way up, as RGB. Throws `unsupported` for palettes, run lengths and more than `limitPixels`. */
export function decodeBmp(bmp: Buffer, limitPixels: number): Pixels {
  if (bmp.length < HEADERS) throw new Unconvertible('corrupt_input', 'The BMP header is cut short.');
  const width = bmp.readInt32LE(18);
  const signedHeight = bmp.readInt32LE(22);
  const height = Math.abs(signedHeight);
  const bytesPerPixel = bmp.readUInt16LE(28) / 8;
  const compression = bmp.readUInt32LE(30);
  const plain = compression === 0 || (compression === 3 && bytesPerPixel === 4);
  if (!plain || (bytesPerPixel !== 3 && bytesPerPixel !== 4)) {
    throw new Unconvertible('unsupported', 'Only uncompressed 24- and 32-bit BMP files can be read here.');
  }
  if (width <= 0 || height === 0) throw new Unconvertible('corrupt_input', 'The BMP header gives no size.');
  if (width * height > limitPixels) throw new Unconvertible('unsupported', `Images of more than ${limitPixels} pixels are not converted here.`);
  const start = bmp.readUInt32LE(10);
  const rowBytes = Math.ceil((width * bytesPerPixel) / 4) * 4;
  if (bmp.length < start + rowBytes * height) throw new Unconvertible('corrupt_input', 'The BMP pixels are cut short.');
  const data = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    let from = start + (signedHeight > 0 ? height - 1 - y : y) * rowBytes;
    let to = y * width * 3;
    for (let x = 0; x < width; x += 1, from += bytesPerPixel, to += 3) {
      data[to] = bmp[from + 2] ?? 0;
      data[to + 1] = bmp[from + 1] ?? 0;
      data[to + 2] = bmp[from] ?? 0;
    }
  }
  return { data, width, height, channels: 3 };
}
