import { createServer, type IncomingMessage } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { cutWhenSilent } from '../../../src/http/silent-body.js';

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** A file of four bytes, sent with these pauses before each, to a server that answers late once it has it; what the caller heard. */
async function send(pauses: readonly number[]): Promise<string> {
  const server = createServer((request: IncomingMessage, response) => {
    cutWhenSilent({ raw: request }, request, 200);
    request.on('error', () => undefined).on('end', () => setTimeout(() => response.end('taken'), 500)).resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => undefined);
  let heard = '';
  socket.on('data', (chunk) => (heard += chunk.toString()));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write('PUT / HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 4\r\n\r\n');
  for (const ms of pauses) {
    await pause(ms);
    socket.write('x');
  }
  await Promise.race([closed, pause(2000)]);
  socket.destroy();
  server.close();
  return heard;
}

it('who is silent in the middle of a file is cut off', async () => {
  expect(await send([0, 10, 600, 10])).toBe('');
});

it('who is slow is heard, and may wait for the answer as long as it takes: the control', async () => {
  expect(await send([0, 100, 100, 100])).toMatch(/taken$/);
});
