import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { inspect } from 'node:util';
import { HttpService } from '@nestjs/axios';
import { vendorHttp, type ClosableVendorHttp, type VendorHttpOptions } from '../../src/providers/vendor-http.js';
import { VendorCallFailure, type VendorCall } from '../../src/providers/vendor-call.js';
import { httpServer, tcpServer, type LocalServer } from './local-server.js';

const closing: (() => Promise<unknown>)[] = [];
/** A connection is kept for the next turn of the loop, not for the next line. */
export const nextTurn = () => new Promise((resolve) => setImmediate(resolve));
const calm = new AbortController().signal;

/** Ends what a test began. */
export async function closeAll(): Promise<void> {
  await Promise.all(closing.splice(0).map((close) => close()));
}

export async function vendor(answer: (...exchange: Parameters<RequestListener>) => unknown): Promise<LocalServer> {
  const server = await httpServer((request, response) => void answer(request, response));
  closing.push(() => server.close());
  return server;
}

export async function rawVendor(onSocket: (socket: Socket) => void): Promise<LocalServer> {
  const server = await tcpServer(onSocket);
  closing.push(() => server.close());
  return server;
}

export function speaking(baseUrl: string, options: Partial<VendorHttpOptions> = {}): ClosableVendorHttp {
  const timeouts = { connect: 300, headers: 150, bodyIdle: 150, total: 400, uploadIdle: 150, ...options.timeouts };
  const http = vendorHttp({ baseUrl, http: new HttpService(), policy: { allow: [] }, ...options, timeouts });
  closing.push(() => http.close());
  return http;
}

/** Says the start at once, then one piece after another, for ever. */
export const dripping = (start: string, drip: string) => (socket: Socket) => {
  socket.once('data', () => {
    socket.write(start);
    const timer = setInterval(() => socket.write(drip), 20);
    socket.on('close', () => clearInterval(timer));
  });
};

/** A call full of what must not show in a failure. */
export const post = (origin: string, call: Partial<VendorCall> = {}): VendorCall => ({
  name: 'create',
  method: 'POST',
  url: `${origin}/private-path?token=t0k3n`,
  headers: { 'x-oc-api-key': 's3cret-key' },
  json: { password: 's3cret-body' },
  signal: calm,
  ...call,
});

/** The failure of a call. Whatever it is, it is ours, and nothing of the request shows in it however it is printed. */
export async function failureOf(promise: Promise<unknown>): Promise<VendorCallFailure> {
  const failure = await promise.then((answer) => ({ answer }), (error: unknown) => error);
  expect(failure).toBeInstanceOf(VendorCallFailure);
  expect(`${inspect(failure, { depth: 9, showHidden: true })} ${JSON.stringify(failure)}`).not.toMatch(/private-path|t0k3n|s3cret/);
  return failure as VendorCallFailure;
}
