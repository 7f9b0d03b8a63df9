import type { FastifyInstance } from 'fastify';
import { Refusal } from '../refusal.js';
import { scenarioOf } from '../scenarios.js';
import { dropAnswer } from '../vendor-app.js';
import { requireAccount, requireJob, type RunConvert } from './context.js';
import { factsOfTasks, readJob } from './create-job.js';
import { newId, type Job } from './job.js';
import { jobView, taskView } from './views.js';
import { phaseOf } from './words.js';

/** `/process/jobs` and `/process/tasks`. */
export function registerJobRoutes(app: FastifyInstance, vendor: RunConvert): void {
  const { store, runner, shared, view } = vendor;

  app.post('/process/jobs', { config: { call: 'create' } }, async (request, reply) => {
    const key = requireAccount(request);
    if (shared.ledger.creditsOf('runconvert', key) >= vendor.credits) throw new Refusal(402, 'Available conversion minutes/credits are finished.', 'insufficient_credits');
    const now = new Date();
    const id = newId();
    const { tag, tasks } = readJob(request.body, id, now);
    const scenarios = shared.scenarios.claim('runconvert', factsOfTasks(tasks.map((task) => task.fields)));
    const job: Job = {
      ...{ id, key, tag, tasks, createdAt: now, scenarios, ledger: shared.ledger.opened('runconvert', id, key, tag) },
      ...{ stop: new AbortController(), phase: 'waiting', otherWord: null, startedAt: null, endedAt: null },
    };
    store.add(job);
    if (request.create) request.create.jobId = id;
    const answer = jobView(job, view());
    runner.start(job);
    if (scenarioOf(job, 'drop-create-answer')) return dropAnswer(request, reply);
    return reply.code(201).send(answer);
  });

  app.get('/process/jobs', { config: { call: 'list' } }, async (request) => {
    const { status, limit, offset } = request.query as { status?: string; limit?: string; offset?: string };
    const mine = store.ofAccount(requireAccount(request)).filter((job) => !scenarioOf(job, 'vanish'));
    const jobs = status ? mine.filter((job) => job.phase === phaseOf(status)) : mine;
    const from = Math.max(0, Number(offset) || 0);
    const page = jobs.slice(from, from + Math.min(100, Math.max(1, Number(limit) || 50)));
    return { data: page.map((job) => jobView(job, view())), meta: { count: jobs.length } };
  });

  app.get('/process/jobs/:jobId', { config: { call: 'read' } }, async (request) => {
    return jobView(requireJob(vendor, requireAccount(request), (request.params as { jobId: string }).jobId), view());
  });

  app.get('/process/tasks', { config: { call: 'read' } }, async (request) => {
    const { job_id: jobId, status } = request.query as { job_id?: string; status?: string };
    const key = requireAccount(request);
    const jobs = jobId ? [requireJob(vendor, key, jobId)] : store.ofAccount(key).filter((job) => !scenarioOf(job, 'vanish'));
    const tasks = jobs.flatMap((job) => job.tasks.map((task) => ({ job, task }))).filter(({ task }) => !status || task.phase === phaseOf(status));
    return { data: tasks.map(({ job, task }) => taskView(job, task, view())), meta: { count: tasks.length } };
  });

  app.get('/process/tasks/:taskId', { config: { call: 'read' } }, async (request) => {
    const key = requireAccount(request);
    const found = store.findTask((request.params as { taskId: string }).taskId);
    if (found?.job.key !== key || scenarioOf(found.job, 'vanish')) throw new Refusal(404, 'The task does not exist.', 'not_found');
    return taskView(found.job, found.task, view());
  });
}
