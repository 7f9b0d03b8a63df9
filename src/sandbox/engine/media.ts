import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAudio } from './media-formats.js';
import { audioOptions, videoOptions } from './media-options.js';
import { resultOf } from './names.js';
import { runTool } from './run-tool.js';
import { inScratch } from './scratch.js';
import type { ResultFile, SourceFile, Task } from './task.js';
import { Unconvertible } from './unconvertible.js';

/** The largest result; ffmpeg stops there. */
const LIMIT_BYTES = 256 * 1024 * 1024;

/** What each format is made with; a format that is missing is left to ffmpeg's own choice. */
const CODECS: Readonly<Record<string, readonly string[]>> = {
  mp3: ['-c:a', 'libmp3lame'],
  ogg: ['-c:a', 'libvorbis'],
  opus: ['-c:a', 'libopus'],
  aac: ['-c:a', 'aac'],
  m4a: ['-c:a', 'aac'],
  mp4: ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-c:a', 'aac', '-movflags', '+faststart'],
  mov: ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  mkv: ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-c:a', 'aac'],
  avi: ['-c:v', 'mpeg4', '-q:v', '4', '-c:a', 'libmp3lame'],
  webm: ['-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-b:v', '1M', '-c:a', 'libvorbis'],
};

/** What a format is called in ffmpeg, where that is another word. */
const MUXERS: Readonly<Record<string, string>> = { mkv: 'matroska', m4a: 'ipod', aac: 'adts' };

/**
 * Sound or film in another format, by ffmpeg. Options of sound: `audio_bitrate` (kbit/s), `channels`, `frequency`; of film also `width`, `height`, `fps`.
 * Throws `unsupported` where ffmpeg is not installed, takes too long or makes too much; `corrupt_input` where it cannot read the file or finds no sound in it.
 */
export async function convertMedia(source: SourceFile, from: string, to: string, options: Task['options']): Promise<ResultFile> {
  const asked = isAudio(to) ? ['-vn', ...audioOptions(options)] : to === 'gif' ? ['-an', ...videoOptions({ fps: 10, ...options })] : [...videoOptions(options), ...audioOptions(options)];
  return resultOf(source, to, await transcoded(source.bytes, from, to, [...(CODECS[to] ?? []), ...asked]));
}

/** The first picture of a film, as PNG. */
export async function firstFrame(source: SourceFile, from: string): Promise<Buffer> {
  return transcoded(source.bytes, from, 'png', ['-an', '-frames:v', '1', '-c:v', 'png'], 'image2');
}

async function transcoded(bytes: Buffer, from: string, to: string, args: readonly string[], muxer = MUXERS[to] ?? to): Promise<Buffer> {
  return inScratch(async (folder) => {
    const [input, output] = [join(folder, `source.${from}`), join(folder, `result.${to}`)];
    await writeFile(input, bytes);
    // Files alone: a film that is a playlist of addresses fetches nothing.
    const frame = ['-nostdin', '-hide_banner', '-loglevel', 'error', '-protocol_whitelist', 'file', '-i', input, '-sn', '-dn'];
    const { code, stderr } = await runTool('ffmpeg', [...frame, ...args, '-fflags', '+bitexact', '-fs', String(LIMIT_BYTES), '-f', muxer, '-y', output], { folder });
    if (/unknown encoder/i.test(stderr)) throw new Unconvertible('unsupported', `The ffmpeg of this machine cannot write "${to}".`);
    if (/does not contain any stream/i.test(stderr)) throw new Unconvertible('unsupported', `There is nothing in the ${from} file that could be "${to}".`);
    const size = await stat(output).then((found) => found.size, () => 0);
    if (code !== 0 || size === 0) throw new Unconvertible('corrupt_input', `The ${from} file cannot be read.`);
    if (size >= LIMIT_BYTES * 0.99) throw new Unconvertible('unsupported', `Results of more than ${LIMIT_BYTES} bytes are not made here.`);
    return readFile(output);
  });
}
