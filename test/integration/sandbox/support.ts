import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startSandbox, type Sandbox } from '../../../src/sandbox/sandbox.js';
import type { SandboxSettings } from '../../../src/sandbox/settings.js';

export const SAMPLES = join(import.meta.dirname, '../../samples');

export function sandboxOnFreePorts(settings: Partial<SandboxSettings> = {}): Promise<Sandbox> {
  return startSandbox({ ports: { api2convert: 0, runconvert: 0 }, fixtures: SAMPLES, speedMs: 20, ...settings });
}

/** A JSON value that a test looks into freely. */
export interface Json {
  readonly [field: string]: Json;
  readonly [index: number]: Json;
}

/** A value of an answer as text, e.g. an id for a path. */
export function textOf(value: unknown): string {
  return String(value);
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The body read as JSON; a broken one fails the test. */
  readonly json: Json;
}

export interface Request {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly json?: unknown;
  readonly form?: FormData;
  /** The answer was spoilt by a scenario: the vendor's document says nothing of it. */
  readonly spoilt?: boolean;
}

export function methodOf({ method, json, form }: Request): string {
  return method ?? (json === undefined && form === undefined ? 'GET' : 'POST');
}

export async function call(url: string, request: Request = {}): Promise<Answer> {
  const { headers = {}, json, form } = request;
  const typed: Record<string, string> = json === undefined ? {} : { 'content-type': 'application/json' };
  const answer = await fetch(url, {
    method: methodOf(request),
    headers: { ...typed, ...headers },
    body: form ?? (json === undefined ? undefined : JSON.stringify(json)),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, get json() { return JSON.parse(text) as Json; } };
}

export async function bytesAt(url: unknown, headers: Record<string, string> = {}): Promise<Buffer> {
  const answer = await fetch(String(url), { headers });
  if (!answer.ok) throw new Error(`${String(url)} answered ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** Asks until `done` says so; fails after five seconds. */
export async function until<T>(ask: () => Promise<T> | T, done: (value: T) => boolean): Promise<T> {
  for (const deadline = Date.now() + 25_000; Date.now() < deadline; await pause(10)) {
    const value = await ask();
    if (done(value)) return value;
  }
  throw new Error(`It did not come to it: ${JSON.stringify(await ask())}`);
}

export function formWith(file: Buffer, filename: string, fields: Record<string, string> = {}): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(file)]), filename);
  return form;
}

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly json: Json;
}

export interface Receiver {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** Takes callbacks; answers with the statuses given, the last one for good (200 if none). */
export async function startReceiver(...statuses: number[]): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      received.push({ headers: request.headers, body, get json() { return JSON.parse(body) as Json; } });
      response.writeHead(statuses[received.length - 1] ?? statuses.at(-1) ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A test that failed before it closed its receiver must not keep the run alive.
  server.unref();
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`, received, close };
}
