import { dropped, exactly, nearly, optionRows, type OptionRow } from '../../conversion/unified-options.js';

const unnamed = (name: string): OptionRow => nearly(name, `RunConvert's documents name no such option; it is sent as "${name}".`);
const unknown = (what: string): OptionRow => dropped(`RunConvert's documents name no option for ${what}.`);

/** How the vendor says each unified option: `quality` by its documents ("Convert"), `audioBitrate` by its SDKs' README; no other name is shown anywhere. */
const UNIFIED: ReadonlyMap<string, OptionRow> = new Map([
  ['quality', exactly('quality')],
  ['width', unnamed('width')],
  ['height', unnamed('height')],
  ['dpi', unknown('the resolution')],
  ['rotate', unknown('turning a picture')],
  ['colorMode', unknown('the colors')],
  ['stripMetadata', unknown('metadata')],
  ['audioBitrate', exactly('audioBitrate', (kilobits) => `${String(kilobits)}k`)],
  ['audioCodec', nearly('audioCodec', 'RunConvert\'s SDKs name options in this way, and do not show this one.')],
  ['sampleRate', unknown('the sample rate')],
  ['channels', unknown('channels')],
  ['viewportWidth', unknown('the size of the window')],
  ['viewportHeight', unknown('the size of the window')],
  ['deviceScale', unknown('the scale')],
]);

/** Parameters of a step that are not said as the documents write them. */
const PARAMETERS: ReadonlyMap<string, OptionRow> = new Map([
  ['compress level', dropped('RunConvert\'s compress takes an engine, and no level.')],
  ['thumbnail width', unnamed('width')],
  ['thumbnail height', unnamed('height')],
  ['ocr to', nearly('output_format', 'RunConvert\'s documents show no target for OCR; it is sent as "output_format".')],
]);

export const OPTIONS = optionRows(UNIFIED, PARAMETERS);
