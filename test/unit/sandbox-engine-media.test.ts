import { fileTypeFromBuffer } from 'file-type';
import sharp from 'sharp';
import type { ResultFile } from '../../src/sandbox/engine/engine.js';
import { film, has, tone } from './sandbox-engine-programs.js';
import { pixelAt, refusal, run, runOne, sizeOf } from './sandbox-engine-support.js';

const WITHOUT = { name: 'Unconvertible', reason: 'unsupported', message: expect.stringContaining('ffmpeg is not installed') as string };

/** Runs `story` where ffmpeg is; elsewhere the same work must be refused, with the reason. */
const media = (name: string, story: () => Promise<void>): void => {
  it(has('ffmpeg') && has('ffprobe') ? name : `${name} (without ffmpeg: refused, and why)`, async () => {
    if (has('ffmpeg') && has('ffprobe')) await story();
    else if (!has('ffmpeg')) await expect(run('convert', 'mp3', [tone()])).rejects.toMatchObject(WITHOUT);
    else expect(await runOne('convert', 'mp3', tone())).toMatchObject({ contentType: 'audio/mpeg' });
  }, 120_000);
};

interface Told {
  readonly duration: number;
  readonly bitRate: number;
  readonly streams: readonly { codec_name: string; sample_rate?: string; channels?: number; width?: number; height?: number }[];
}

const told = async (file: ResultFile): Promise<Told> => JSON.parse((await runOne('read-metadata', 'json', file)).bytes.toString()) as Told;

describe('sound', () => {
  media('takes its bitrate, channels and frequency in either vendor’s words', async () => {
    const one = await told(await runOne('convert', 'mp3', tone(), { audio_bitrate: 192, channels: 'stereo', frequency: 44_100 }));
    expect(one.streams).toEqual([expect.objectContaining({ codec_name: 'mp3', sample_rate: '44100', channels: 2 })]);
    expect(Math.abs(one.bitRate - 192_000)).toBeLessThan(10_000);
    const other = await told(await runOne('convert', 'mp3', tone(), { audioBitrate: '64k', frequency: 44_100 }));
    expect(Math.abs(other.bitRate - 64_000)).toBeLessThan(5_000);
    await expect(run('convert', 'mp3', [tone()], { channels: 'quadro' })).rejects.toEqual(refusal('bad_option'));
    await expect(run('convert', 'mp3', [tone()], { audio_bitrate: 9_999 })).rejects.toEqual(refusal('bad_option'));
  });

  media('that is noise or cut to its header is called corrupt', async () => {
    await expect(run('convert', 'mp3', [{ filename: 'a.wav', bytes: Buffer.from('no sound at all') }])).rejects.toEqual(refusal('corrupt_input'));
    await expect(run('convert', 'mp3', [{ filename: 'a.flac', bytes: Buffer.concat([Buffer.from('fLaC'), Buffer.alloc(300, 7)]) }])).rejects.toEqual(refusal('corrupt_input'));
  });
});

describe('film', () => {
  media('gets smaller when it is told to, and keeps its shape', async () => {
    const { streams, duration } = await told(await runOne('convert', 'mkv', await film(), { width: 80 }));
    expect(streams.find(({ width }) => width !== undefined)).toMatchObject({ codec_name: 'h264', width: 80, height: 60 });
    expect(Math.abs(duration - 2)).toBeLessThan(0.3);
  });

  media('becomes an animation that moves', async () => {
    const gif = await runOne('convert', 'gif', await film(), { width: 40 });
    const { pages = 0, width } = await sharp(gif.bytes).metadata();
    expect([(await fileTypeFromBuffer(gif.bytes))?.ext, width, pages > 1]).toEqual(['gif', 40, true]);
  });

  media('has a first frame to show', async () => {
    const small = await runOne('thumbnail', 'png', await film(), { width: 80 });
    expect(await sizeOf(small.bytes)).toEqual([80, 60]);
    const [red = 0, , blue = 0] = await pixelAt(small.bytes, 40, 30);
    expect(red - blue).toBeGreaterThan(150);
  });

  media('without sound has none to give', async () => {
    await expect(run('convert', 'mp3', [await film(false)])).rejects.toEqual(refusal('unsupported'));
    await expect(run('convert', 'mkv', [await film(false)])).resolves.toHaveLength(1);
  });

  media('that is cut short, or none at all, is called corrupt', async () => {
    const { filename, bytes } = await film();
    await expect(run('convert', 'mkv', [{ filename, bytes: bytes.subarray(0, bytes.length >> 1) }])).rejects.toEqual(refusal('corrupt_input'));
    await expect(run('convert', 'mkv', [{ filename, bytes: Buffer.from('no film') }])).rejects.toEqual(refusal('corrupt_input'));
  });
});
