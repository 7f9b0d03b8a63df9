import { randomUUID } from 'node:crypto';
import multipart from '@fastify/multipart';
import type { LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule, type Foundations } from './app.module.js';
import { EngineService } from './execution/engine.service.js';
import { HistoryService } from './execution/history.service.js';
import { Leftovers } from './execution/leftovers.js';
import { RoomKeeper } from './execution/room-keeper.js';
import { RollCallService } from './execution/roll-call.service.js';
import { SweeperService } from './execution/sweeper.service.js';
import { BudgetLoader } from './accounts/budget-loader.js';
import { KeyGuard } from './accounts/key.guard.js';
import { bodyPipe } from './http/body-pipe.js';
import { installBodyParsers } from './http/body-parsers.js';
import { EarlyAnswers } from './http/early-answers.js';
import { Readiness } from './http/health.controller.js';
import { serveOpenApi } from './http/openapi.js';
import { Problem } from './http/problem.js';
import { ProblemFilter } from './http/problem-filter.js';
import { PublicAddress } from './http/public-address.js';
import { isIntake, shed } from './http/shedding.js';
import { CatalogueLoader } from './routing/catalogue-loader.js';
import { LimitLoader } from './routing/limit-loader.js';
import { StandingLoader } from './routing/standing-loader.js';
import { Periodic } from './platform/periodic.js';
import { CallbackSilence } from './webhooks/callback-silence.js';
import { CallbackRegistration } from './webhooks/callback-registration.js';
import { CatalogueSchedule } from './routing/catalogue-schedule.js';
import { Listener } from './platform/listener.js';
import { Pressure } from './platform/pressure.js';
import { SettingsError } from './platform/env.js';
import { forCaller } from './platform/turns.js';
import { RelayService } from './webhooks/relay.service.js';

export interface RunningServer {
  /** "http://127.0.0.1:3000" */
  readonly url: string;
  readonly app: NestFastifyApplication;
  /** No new work, what runs ends, everything is closed. */
  stop(): Promise<void>;
}

const GUARDED = /^\/v1\/(?!callbacks\/)/;
/** Where a form is taken, or refused with a better word. */
const FORMS = /^\/v1\/(?:convert(?:\?|$)|jobs\/[^/]+\/inputs\/|callbacks\/)/;
const HEADERS_MS = 10_000;
const CHECK_MS = 2000;
/** Who has waited longer has sent much, or asked to wait: he is not told to come again for want of a connection. */
const SOON_MS = 2000;
/** A request may take this long to arrive whole: large uploads do. Slow ones are cut by their own idle limits. */
const REQUEST_MS = 6 * 3_600_000;
/** Requests that run when the service is told to stop may go on for so long. */
const LINGER_MS = 11_000;

/** Starts the service on its foundations. Throws `SettingsError` when the port cannot be had. */
export async function startServer(foundations: Foundations, logger: LoggerService, version: string): Promise<RunningServer> {
  const { env } = foundations;
  const adapter = new FastifyAdapter({
    genReqId: () => randomUUID(),
    requestTimeout: REQUEST_MS,
    // Node looks for late heads every 30 s otherwise, and so lets them be four times as late.
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: CHECK_MS },
    keepAliveTimeout: 65_000,
    // Longer than any id of ours, and than any address that Node takes: what is too long is not found, like everything else.
    routerOptions: { maxParamLength: 20_000 },
    frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) => {
      const problem = new Problem('not_found', 'There is nothing at this address: it cannot be read.');
      void reply.status(problem.status).type('application/problem+json').send(problem.body(request.id));
    },
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.of(foundations), adapter, { logger, bodyParser: false, abortOnError: false });
  const fastify = adapter.getInstance();
  const keys = app.get(KeyGuard);
  const pressure = app.get(Pressure);
  fastify.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
    if (GUARDED.test(request.url)) keys.admit(request);
    if (isIntake(request.method, request.url) && pressure.turnsAway()) throw shed();
    if (request.headers['content-type']?.startsWith('multipart/') === true && !FORMS.test(request.url)) throw new Problem('unsupported_media_type', 'Forms are taken by POST /v1/convert alone.');
  });
  fastify.addHook('preHandler', (_request, reply, done) => forCaller(() => !reply.sent && reply.elapsedTime < SOON_MS, done));
  installBodyParsers(fastify);
  await fastify.register(multipart);
  app.useGlobalPipes(bodyPipe());
  const early = new EarlyAnswers();
  app.useGlobalFilters(new ProblemFilter(early));
  serveOpenApi(app, version, env.raw.PUBLIC_URL ?? '/');
  await app.get(Listener).start();
  const url = await listen(app, env.raw.HOST, env.raw.PORT);
  app.get(PublicAddress).listens(url);
  await app.get(StandingLoader).start();
  await app.get(BudgetLoader).start();
  await app.get(LimitLoader).start();
  if (env.works) {
    app.get(EngineService).start();
    app.get(RoomKeeper).start();
    app.get(RollCallService).start();
    app.get(SweeperService).start();
    app.get(HistoryService).start();
    startPeriodic(app);
    app.get(RelayService).start();
  }
  app.get(CatalogueLoader).start();
  app.get(CallbackSilence).start();
  return {
    url,
    app,
    stop: async () => {
      app.get(Readiness).stop();
      // A connection that is idle by now would be kept alive for its next request, which nobody will answer.
      const idle = setInterval(() => {
        fastify.server.closeIdleConnections();
        early.close();
      }, 100);
      const impatient = setTimeout(() => fastify.server.closeAllConnections(), LINGER_MS);
      await app.close();
      clearInterval(idle);
      clearTimeout(impatient);
    },
  };
}

async function listen(app: NestFastifyApplication, host: string, port: number): Promise<string> {
  try {
    await app.listen(port, host);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    await app.close().catch(() => undefined);
    if (code === 'EADDRINUSE') throw new SettingsError(`PORT: ${port} on ${host} is in use. Stop what listens there, or set PORT to another one.`);
    if (code === 'EACCES') throw new SettingsError(`PORT: this user may not listen on ${port}. Set PORT to one above 1023.`);
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') throw new SettingsError(`HOST: ${host} is no address of this machine.`);
    throw error;
  }
  const address = app.getHttpServer().address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const shown = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
  return `http://${shown}:${bound}`;
}

/** What time asks for, done by one process of all. */
function startPeriodic(app: NestFastifyApplication): void {
  const parts = [app.get(CatalogueSchedule), app.get(CallbackRegistration)];
  app.get(Periodic).start([...parts, app.get(Leftovers)].flatMap(({ tasks }) => tasks), () => parts.forEach((part) => part.begin()));
}
