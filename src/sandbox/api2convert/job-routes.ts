import type { FastifyInstance, FastifyReply } from 'fastify';
import { Refusal } from '../refusal.js';
import { scenarioOf } from '../scenarios.js';
import { dropAnswer } from '../vendor-app.js';
import { creditsLeft } from './accounts.js';
import { accountKeyOf, requireAccount, requireJob, requireUnstarted, tokenOf, type Api2convert } from './context.js';
import { createJob, factsOfParts, readSettings } from './create-job.js';
import { hasEnded } from './job.js';
import { readObject } from './read-body.js';
import { infoOf } from './statuses.js';
import { jobView, stamp, threadView } from './views.js';

const PAGE = 50;

/** `/jobs` and `/jobs/{id}`. */
export function registerJobRoutes(app: FastifyInstance, vendor: Api2convert): void {
  const { store, runner, shared, viewOf } = vendor;

  app.post('/jobs', { config: { call: 'create' } }, async (request, reply) => {
    const key = requireAccount(request);
    if (request.body === undefined) return reply.code(204).send();
    if (creditsLeft(key, vendor.credits, shared.ledger, Date.now()) <= 0) throw new Refusal(402, 'The request exceeded the contract limits. Payment may be required.', 402);
    const job = createJob(request.body, key, shared.ledger, new Date());
    job.scenarios = shared.scenarios.claim('api2convert', factsOfParts(job.inputs, job.conversions));
    store.add(job);
    if (request.create) request.create.jobId = job.id;
    runner.consider(job);
    if (scenarioOf(job, 'drop-create-answer')) return dropAnswer(request, reply);
    return reply.code(201).send(jobView(job, viewOf(job)));
  });

  app.get('/jobs', { config: { call: 'list' } }, async (request, reply) => {
    const { status, page } = request.query as { status?: string; page?: string };
    const token = tokenOf(request);
    const mine = token !== null && accountKeyOf(request) === null ? [store.withToken(token)].filter((job) => job !== null) : store.ofAccount(requireAccount(request));
    const jobs = mine.filter((job) => (status ? job.status === status : true) && !scenarioOf(job, 'vanish'));
    void reply.header('x-count', jobs.length);
    const from = (Math.max(1, Number(page) || 1) - 1) * PAGE;
    if (jobs.length === 0) return reply.code(204).send();
    return jobs.slice(from, from + PAGE).map((job) => jobView(job, viewOf(job)));
  });

  app.get('/jobs/:jobId', { config: { call: 'read' } }, async (request) => {
    const job = requireJob(vendor, request);
    if (scenarioOf(job, 'vanish')) throw new Refusal(404, 'The specified job does not exist');
    return jobView(job, viewOf(job));
  });

  app.patch('/jobs/:jobId', { config: { call: 'start' } }, async (request) => {
    const job = requireJob(vendor, request);
    const body = readObject(request.body, 'job');
    const onlyPasswords = Object.keys(body).every((field) => field === 'download_passwords');
    if (!onlyPasswords) requireUnstarted(job);
    Object.assign(job, readSettings(body, job));
    job.modifiedAt = new Date();
    runner.consider(job);
    return jobView(job, viewOf(job));
  });

  app.delete('/jobs/:jobId', { config: { call: 'cancel' } }, async (request, reply) => {
    const job = requireJob(vendor, request);
    if (hasEnded(job)) throw new Refusal(409, 'The job can not be modified');
    runner.cancel(job);
    return reply.code(204).send();
  });

  app.get('/jobs/:jobId/threads', { config: { call: 'read' } }, async (request, reply) => {
    const job = requireJob(vendor, request);
    const running = job.started && !hasEnded(job);
    return listed(reply, running ? job.conversions.map((conversion) => threadView(job, conversion, Date.now())) : []);
  });

  app.get('/jobs/:jobId/history', { config: { call: 'read' } }, async (request, reply) => {
    const job = requireJob(vendor, request);
    return listed(reply, job.history.map(({ id, status, at }) => ({ id, status, info: infoOf(status), created_at: stamp(at) })));
  });
}

/** A list with its length in `X-Count`. */
export function listed<T>(reply: FastifyReply, list: readonly T[]): readonly T[] {
  void reply.header('x-count', list.length);
  return list;
}
