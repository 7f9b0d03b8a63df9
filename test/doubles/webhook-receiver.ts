import type { ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { bodyOf, httpServer } from '../support/local-server.ts';

/** What a receiver was sent, as it came. */
export interface Received {
  readonly path: string;
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly raw: string;
  readonly body: News;
}

export interface News {
  readonly type: string;
  readonly timestamp: string;
  readonly sequence: number;
  readonly data: { readonly id: string; readonly status: string; readonly [field: string]: unknown };
  readonly export?: { readonly id: string; readonly status: string };
}

/** Answers one request; `nth`: how many came to this path with this one's id, from 1. */
export type Behaviour = (response: ServerResponse, received: Received, nth: number) => void;

export interface Receiver {
  readonly origin: string;
  readonly received: readonly Received[];
  /** Of one path. */
  at(path: string): readonly Received[];
  /** 204 to everything, where nothing is said. */
  behave(path: string, behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** A caller's own server: takes webhooks and answers as it is told. */
export async function webhookReceiver(): Promise<Receiver> {
  const received: Received[] = [];
  const behaviours = new Map<string, Behaviour>();
  const server = await httpServer((request, response) => {
    void bodyOf(request).then((bytes) => {
      const raw = bytes.toString();
      const headers = request.headers as Record<string, string>;
      const one: Received = { path: request.url ?? '', id: headers['webhook-id'] ?? '', headers, raw, body: JSON.parse(raw) as News };
      received.push(one);
      const behaviour = behaviours.get(one.path) ?? ((answer: ServerResponse) => void answer.writeHead(204).end());
      behaviour(response, one, received.filter(({ path, id }) => path === one.path && id === one.id).length);
    });
  });
  return {
    origin: server.origin,
    received,
    at: (path) => received.filter((one) => one.path === path),
    behave: (path, behaviour) => void behaviours.set(path, behaviour),
    close: () => server.close(),
  };
}

/** By the official library; throws where the signature is not right. */
export const verified = (secret: string, { raw, headers }: Received): News => new Webhook(secret).verify(raw, headers) as News;
