import { setTimeout as pause } from 'node:timers/promises';
import multipart from '@fastify/multipart';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { PretendCloud } from './cloud/pretend-cloud.js';
import type { Ledger, ReceivedCreate } from './ledger.js';
import { refuse, spoil } from './misbehave.js';
import { Refusal } from './refusal.js';
import type { Requests } from './requests.js';
import type { Call, JobFacts, VendorName } from './scenario.js';
import type { CallScenario, Scenarios } from './scenarios.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a request on this route does, for the scenarios. */
    call?: Call;
  }
  interface FastifyRequest {
    /** The ledger's row of this create; null for every other call. */
    create: ReceivedCreate | null;
    spoiling: CallScenario | null;
  }
}

/** What both vendors share. */
export interface Shared {
  readonly scenarios: Scenarios;
  readonly ledger: Ledger;
  readonly cloud: PretendCloud;
  readonly requests: Requests;
  /** How long the next call takes at least, in milliseconds; null: no longer than it must. */
  readonly latency: (() => number) | null;
}

/** What differs between the vendors before a route is reached. */
export interface VendorTraits {
  readonly vendor: VendorName;
  readonly accountKeyOf: (request: FastifyRequest) => string | null;
  readonly referenceOf: (body: unknown) => string | null;
  /** Filenames and operations of the job that a call is about, as far as they are known. */
  readonly factsOf: (request: FastifyRequest) => JobFacts;
  readonly errorBody: (refusal: Refusal) => unknown;
}

const LIMIT_BYTES = 64 * 1024 * 1024;

/** A vendor's HTTP server, without its routes: JSON in, its error body out, every request recorded, scenarios applied. */
export function createVendorApp(traits: VendorTraits, { scenarios, ledger, requests, latency }: Shared): FastifyInstance {
  const app = fastify({ logger: false, bodyLimit: LIMIT_BYTES, forceCloseConnections: true, requestTimeout: 120_000, routerOptions: { maxParamLength: 4_096 } });
  void app.register(multipart, { limits: { fileSize: LIMIT_BYTES } });
  app.decorateRequest('create', null);
  app.decorateRequest('spoiling', null);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body.length === 0 ? undefined : JSON.parse(body.toString()));
    } catch {
      done(new Refusal(400, 'The JSON body can not be read', 7));
    }
  });

  app.addHook('onRequest', async (request) => {
    const { method, url, headers } = request;
    if (url.startsWith('/sandbox/')) return;
    requests.add({ at: new Date().toISOString(), vendor: traits.vendor, method, path: url, headers: Object.keys(headers), accountKey: traits.accountKeyOf(request) !== null });
  });
  app.addHook('preHandler', async (request, reply) => {
    const { call } = request.routeOptions.config;
    if (!call || request.method === 'HEAD') return;
    if (latency !== null) await pause(latency(), undefined, { ref: false });
    if (call === 'create') request.create = ledger.received(traits.vendor, traits.accountKeyOf(request), traits.referenceOf(request.body));
    const scenario = scenarios.takeForCall(traits.vendor, call, traits.factsOf(request));
    if (!scenario) return;
    if (refuse(scenario, reply)) return reply;
    request.spoiling = scenario;
  });
  app.addHook('onSend', async (request, reply, answer) => (request.spoiling ? spoil(request.spoiling, reply, answer) : answer));
  app.addHook('onResponse', async (request, reply) => {
    if (request.create && !request.create.dropped) request.create.status = reply.statusCode;
  });
  app.setErrorHandler((error, _request, reply) => answerError(traits, reply, error));
  app.setNotFoundHandler((_request, reply) => answerError(traits, reply, new Refusal(404, 'Not found')));
  return app;
}

/** Lets the connection die in place of the answer to a create. */
export function dropAnswer(request: FastifyRequest, reply: FastifyReply): void {
  if (request.create) request.create.dropped = true;
  reply.hijack();
  request.raw.socket.destroy();
}

function answerError(traits: VendorTraits, reply: FastifyReply, error: unknown): FastifyReply {
  const refusal = error instanceof Refusal ? error : new Refusal(statusOf(error), error instanceof Error ? error.message : 'Internal error');
  return reply.code(refusal.status).send(traits.errorBody(refusal));
}

function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500;
  return typeof status === 'number' ? status : 500;
}
