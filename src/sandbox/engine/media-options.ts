import { LIMIT_SIDE } from './image.js';
import { integerOption, textOption } from './options.js';
import type { Task } from './task.js';
import { Unconvertible } from './unconvertible.js';

/** Both vendors' spellings: api2convert's `audio_bitrate: 192`, `channels: "stereo"`, `frequency: 44100`; RunConvert's `audioBitrate: "192k"`. */
export function audioOptions(options: Task['options']): string[] {
  const { audioBitrate } = options;
  const short = typeof audioBitrate === 'string' ? audioBitrate.replace(/k$/i, '') : audioBitrate;
  const bitrate = integerOption({ ...options, audioBitrate: short }, ['audio_bitrate', 'audioBitrate'], 8, 512);
  const frequency = integerOption(options, ['frequency', 'sampleRate'], 8_000, 192_000);
  const channels = channelsOf(options);
  return [
    ...(bitrate === undefined ? [] : ['-b:a', `${bitrate}k`]),
    ...(frequency === undefined ? [] : ['-ar', String(frequency)]),
    ...(channels === undefined ? [] : ['-ac', String(channels)]),
  ];
}

function channelsOf(options: Task['options']): number | undefined {
  const { channels } = options;
  if (typeof channels === 'number') return integerOption(options, ['channels'], 1, 2);
  const word = textOption(options, ['channels'])?.toLowerCase();
  if (word === undefined) return undefined;
  if (word === 'mono' || word === '1') return 1;
  if (word === 'stereo' || word === '2') return 2;
  throw new Unconvertible('bad_option', 'Option "channels" must be "mono" or "stereo".');
}

/** `width` and `height` (the shape is kept, sides are even), `fps`. */
export function videoOptions(options: Task['options']): string[] {
  const width = integerOption(options, ['width'], 2, LIMIT_SIDE / 2);
  const height = integerOption(options, ['height'], 2, LIMIT_SIDE / 2);
  const fps = integerOption(options, ['fps'], 1, 60);
  const box = `scale=w='min(iw,${width ?? 'iw'})':h='min(ih,${height ?? 'ih'})':force_original_aspect_ratio=decrease`;
  const scale = width === undefined && height === undefined ? [] : [box];
  // H.264 wants even sides.
  const filters = [...(fps === undefined ? [] : [`fps=${fps}`]), ...scale, 'scale=trunc(iw/2)*2:trunc(ih/2)*2'];
  return ['-vf', filters.join(',')];
}
