import { Listener } from '../listener.js';
import type { Dialect, SandboxSettings } from '../settings.js';
import { createVendorApp, type Shared } from '../vendor-app.js';
import type { VendorServer } from '../vendor-server.js';
import { registerAccountRoutes } from './account-routes.js';
import { accountKeyOf, type RunConvert } from './context.js';
import { factsOfBody, factsOfTasks, looseObject } from './create-job.js';
import { registerJobRoutes } from './job-routes.js';
import { JobStore } from './job-store.js';
import { Runner } from './runner.js';
import { registerTransferRoutes } from './transfer-routes.js';
import { Uploads } from './uploads.js';
import { jobView, taskView, type ViewContext } from './views.js';
import { WebhookNotifier } from './webhook-notifier.js';
import { Webhooks } from './webhooks.js';

/** RunConvert: its API under `/v2`, uploads and results beside it; not listening yet. `dialect` is asked at every answer. */
export function createRunConvert(shared: Shared, settings: SandboxSettings, dialect: () => Dialect): VendorServer {
  const store = new JobStore();
  const webhooks = new Webhooks();
  const uploads = new Uploads(settings.uploadTimeoutMs);
  const app = createVendorApp(
    {
      vendor: 'runconvert',
      accountKeyOf,
      referenceOf: (body) => {
        const { tag } = looseObject(body);
        return typeof tag === 'string' ? tag : null;
      },
      factsOf: ({ params, body }) => {
        const { jobId = '', taskId = '' } = params as { jobId?: string; taskId?: string };
        const job = store.find(jobId) ?? store.findTask(taskId)?.job;
        return job ? factsOfTasks(job.tasks.map((task) => task.fields)) : factsOfBody(body);
      },
      errorBody: ({ status, code, message }) => ({ error: { code: code ?? `http_${status}`, message } }),
    },
    shared,
  );
  const listener = new Listener(app.server);
  const view = (): ViewContext => ({ origin: listener.origin, dialect: dialect(), now: Date.now() });
  const notifier = new WebhookNotifier(shared.ledger, webhooks, { job: (job) => jobView(job, view()), task: (job, task) => taskView(job, task, view()) });
  const vendor: RunConvert = { store, runner: new Runner(notifier, uploads, shared.ledger, shared.cloud, settings), uploads, webhooks, shared, credits: settings.credits, view };
  void app.register(
    async (routes) => {
      registerJobRoutes(routes, vendor);
      registerAccountRoutes(routes, vendor);
    },
    { prefix: '/v2' },
  );
  void app.register(async (routes) => registerTransferRoutes(routes, vendor));
  return {
    app,
    listener,
    reset: () => {
      notifier.stop();
      store.clear();
      webhooks.clear();
    },
  };
}
