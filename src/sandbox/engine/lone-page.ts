import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A name that stands for no host (RFC 2606). */
export const PAGE_ADDRESS = 'http://page.invalid/';

/**
 * A proxy on 127.0.0.1 behind which there is one page and nothing else: whatever the page asks for besides itself, on this machine, in
 * this network or in the world, is answered 404, and tunnels (https, web sockets) are refused. `use` gets its port.
 */
export async function withLonePage<Result>(html: Buffer, use: (port: number) => Promise<Result>): Promise<Result> {
  const server = createServer((request, response) => {
    const mine = request.url === PAGE_ADDRESS;
    response.writeHead(mine ? 200 : 404, { 'content-type': 'text/html', connection: 'close' });
    response.end(mine ? html : '');
  });
  server.on('connect', (_request, socket) => {
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
  });
  server.on('upgrade', (_request, socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  try {
    return await use((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}
