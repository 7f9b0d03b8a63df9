import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Entries in all, and of each page. */
const ENTRIES = 2000;
const PAGE = 50;

/**
 * A vendor whose catalogue has 2,000 entries with twenty options each, and is another one every time it is read from its first page:
 * every reading has to be compared and stored. It says `{ url }` to its parent when it listens, and how many readings were begun on GET /readings.
 */
let readings = 0;

const server = createServer((request, response) => {
  const url = new URL(request.url ?? '/', 'http://vendor');
  if (url.pathname === '/readings') return void response.end(String(readings));
  if (url.pathname !== '/v2/conversions') return void response.writeHead(404).end('{"message":"not here"}');
  const page = Number(url.searchParams.get('page') ?? '1');
  if (page === 1) readings += 1;
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entriesOf(page)));
});

function entriesOf(page: number): object[] {
  const first = (page - 1) * PAGE;
  return Array.from({ length: Math.max(0, Math.min(PAGE, ENTRIES - first)) }, (_, index) => ({ id: String(first + index), target: `target-${first + index}`, category: 'operation', options: optionsOf(first + index) }));
}

/** One entry in ten is another one at every reading. */
function optionsOf(entry: number): object {
  const shift = entry % 10 === 0 ? readings : 0;
  return Object.fromEntries(
    Array.from({ length: 20 }, (_, option) => [`option_${option}`, { type: 'integer', minimum: 1, maximum: 100 + option + shift, default: 50, description: `What the option number ${option} of this target is good for, in a sentence as vendors write them.` }]),
  );
}

server.listen(0, '127.0.0.1', () => process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
process.once('SIGTERM', () => process.exit(0));
