import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';

/** A server of a test's own. `connections`: how many were made to it, which is what a guard must keep at none. */
export interface LocalServer {
  readonly origin: string;
  readonly host: string;
  readonly port: number;
  connections(): number;
  close(): Promise<void>;
}

/** An HTTP server on a free port. `port`: the same number at another address. */
export async function httpServer(answer: RequestListener, address = '127.0.0.1', port = 0): Promise<LocalServer> {
  return listening(createServer(answer), address, port);
}

/** A bare TCP server, for what no HTTP server would say. */
export async function tcpServer(onSocket: (socket: Socket) => void, address = '127.0.0.1', port = 0): Promise<LocalServer> {
  return listening(createTcpServer(onSocket), address, port);
}

/** A port that nobody listens on. */
export async function closedPort(): Promise<number> {
  const server = await tcpServer(() => undefined);
  await server.close();
  return server.port;
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function listening(server: Server | TcpServer, address: string, port: number): Promise<LocalServer> {
  const sockets = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket: Socket) => {
    connections += 1;
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const taken = (server.address() as AddressInfo).port;
  return {
    origin: `http://${address}:${taken}`,
    host: `${address}:${taken}`,
    port: taken,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}
