import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool } from './run-tool.js';
import { inScratch } from './scratch.js';
import { toolPath } from './tools.js';
import { Unconvertible } from './unconvertible.js';

const FIELDS = 'format=duration,bit_rate:stream=codec_type,codec_name,width,height,sample_rate,channels,r_frame_rate';

/** Duration in seconds, bits per second and streams of sound or film, by ffprobe; {} where it is not installed. Throws `corrupt_input`. */
export async function probeMedia(bytes: Buffer, format: string): Promise<Record<string, unknown>> {
  if (toolPath('ffprobe') === null) return {};
  return inScratch(async (folder) => {
    const input = join(folder, `source.${format}`);
    await writeFile(input, bytes);
    const { code, stdout } = await runTool('ffprobe', ['-v', 'error', '-protocol_whitelist', 'file', '-show_entries', FIELDS, '-of', 'json', input], { folder });
    if (code !== 0) throw new Unconvertible('corrupt_input', `The ${format} file cannot be read.`);
    const told = JSON.parse(stdout) as { format?: { duration?: string; bit_rate?: string }; streams?: readonly Record<string, unknown>[] };
    const number = (word: string | undefined): number | undefined => (Number.isFinite(Number(word)) ? Number(word) : undefined);
    return { duration: number(told.format?.duration), bitRate: number(told.format?.bit_rate), streams: told.streams };
  });
}
