import { exactly, optionRows, type OptionRow } from '../../conversion/unified-options.js';

const COLORS: ReadonlyMap<unknown, string> = new Map([['color', 'colored'], ['gray', 'gray'], ['monochrome', 'monochrome']]);

/**
 * How the vendor says each unified option: names from its format pages and guide (`color`, `rotate`, `dpi`, `width`, `height`), the SDKs' README (`quality`) and
 * examples (`audio_codec`, `audio_bitrate`, `channels`, `frequency`, the screen options). Values are taken as those sources show them.
 */
const UNIFIED: ReadonlyMap<string, OptionRow> = new Map([
  ['quality', exactly('quality')],
  ['width', exactly('width')],
  ['height', exactly('height')],
  ['dpi', exactly('dpi')],
  ['rotate', exactly('rotate')],
  ['colorMode', exactly('color', (mode) => COLORS.get(mode) ?? mode)],
  // Said as the conversion's metadata (OpenAPI document, Conversion), not among its options.
  ['stripMetadata', { kind: 'exact', message: null, say: () => ({}) }],
  ['audioBitrate', exactly('audio_bitrate')],
  ['audioCodec', exactly('audio_codec')],
  ['sampleRate', exactly('frequency')],
  ['channels', exactly('channels')],
  ['viewportWidth', exactly('screen_width')],
  ['viewportHeight', exactly('screen_height')],
  ['deviceScale', exactly('device_scale_factor')],
]);

/** Parameters of a step that are options there. */
const PARAMETERS: ReadonlyMap<string, OptionRow> = new Map([
  ['compress level', exactly('compression_level')],
  ['thumbnail width', exactly('width')],
  ['thumbnail height', exactly('height')],
  ['resize width', exactly('width')],
  ['resize height', exactly('height')],
]);

export const OPTIONS = optionRows(UNIFIED, PARAMETERS);
