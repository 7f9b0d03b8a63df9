import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { SourceFile } from '../../src/sandbox/engine/engine.js';
import { locate, type Tool } from '../../src/sandbox/engine/tools.js';

/** Whether a program of the machine's is here, asked in the way that the engine asks. */
export const has = (tool: Tool): boolean => locate(tool, process.env) !== null;

/** Two seconds of a tone, as the WAV that it is made by hand here: sound needs no program to begin with. */
export function tone(filename = 'tone.wav', rate = 8_000, seconds = 2): SourceFile {
  const data = Buffer.alloc(rate * seconds * 2);
  for (let at = 0; at < rate * seconds; at += 1) data.writeInt16LE(Math.round(12_000 * Math.sin((2 * Math.PI * 440 * at) / rate)), at * 2);
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(rate, 24);
  header.writeUInt32LE(rate * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  return { filename, bytes: Buffer.concat([header, data]) };
}

/** Two seconds of film of 160 by 120, red and then blue, with a tone or without: made by ffmpeg itself. */
export async function film(sound = true): Promise<SourceFile> {
  const folder = await mkdtemp(join(tmpdir(), 'engine-film-'));
  try {
    const inputs = ['color=red:s=160x120:d=1:r=10', 'color=blue:s=160x120:d=1:r=10', 'sine=frequency=440:duration=2'].flatMap((source) => ['-f', 'lavfi', '-i', source]);
    const path = join(folder, 'film.mp4');
    const encoding = ['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-shortest', path];
    await promisify(execFile)('ffmpeg', ['-loglevel', 'error', ...inputs, '-filter_complex', '[0][1]concat=n=2:v=1[v]', '-map', '[v]', ...(sound ? ['-map', '2:a'] : []), ...encoding]);
    return { filename: 'film.mp4', bytes: await readFile(path) };
  } finally {
    await rm(folder, { recursive: true });
  }
}
