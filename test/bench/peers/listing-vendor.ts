import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * A vendor that lists conversions between 46 formats by pair, 2,070 in all, each with eight options and a price; one in ten is another one at every
 * second reading, so that every reading has to be compared and stored. It says `{ url }` to its parent when it listens. All answers are made before:
 * what is measured is who reads them.
 */
const FORMATS = (
  'jpg png webp avif tiff gif bmp svg ico heic heif jp2 psd eps tga wbmp exr hdr xcf dng cr2 nef arw raf orf rw2 pcx ppm pbm pgm xbm xpm jxl ai cdr emf ' +
  'pdf docx doc odt rtf txt html md xlsx xls'
).split(' ');

const listed = (data: readonly object[]): string => JSON.stringify({ data, meta: { count: data.length } });
const others = (from: string): readonly string[] => FORMATS.filter((format) => format !== from);

const formats = listed(FORMATS.map((format) => ({ format })));
const outputs = new Map(FORMATS.map((from) => [from, listed(others(from).map((format) => ({ format })))]));
const operations = [0, 1].map((reading) => new Map(FORMATS.map((from) => [from, listed(others(from).map((to, index) => operationOf(from, to, index % 10 === 0 ? reading : 0)))])));

function operationOf(from: string, to: string, shift: number): object {
  const options = Array.from({ length: 8 }, (_, index) => ({ name: `option_${index}`, type: index % 2 === 0 ? 'integer' : 'string', description: 'What it is good for, in a sentence as vendors write them.', supported_values: index % 2 === 0 ? [] : ['low', 'medium', `high-${shift}`] }));
  return { operation: 'convert', input_format: from, output_format: to, engine: 'standard', credits: 1 + shift, options };
}

let readings = 0;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://vendor');
  const from = url.searchParams.get('input_format') ?? '';
  if (url.pathname === '/v2/core/formats') readings += 1;
  const answers = new Map([['/v2/core/formats', formats], ['/v2/core/outputs', outputs.get(from)], ['/v2/core/operations', operations[readings % 2]?.get(from)]]);
  const answer = answers.get(url.pathname);
  response.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(answer ?? '{"message":"not here"}');
});

server.listen(0, '127.0.0.1', () => process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
process.once('SIGTERM', () => process.exit(0));
