import { Listener } from '../listener.js';
import type { SandboxSettings } from '../settings.js';
import { createVendorApp, type Shared } from '../vendor-app.js';
import type { VendorServer } from '../vendor-server.js';
import { registerAccountRoutes } from './account-routes.js';
import { accountKeyOf, type Api2convert } from './context.js';
import { factsOfBody, factsOfParts } from './create-job.js';
import { registerDocumentRoutes } from './document-routes.js';
import type { Job } from './job.js';
import { registerJobRoutes } from './job-routes.js';
import { JobStore } from './job-store.js';
import { Notifier } from './notifier.js';
import { registerOutputRoutes } from './output-routes.js';
import { registerPartRoutes } from './part-routes.js';
import { registerPresetRoutes } from './preset-routes.js';
import { Presets } from './presets.js';
import { readLoose } from './read-body.js';
import { Runner } from './runner.js';
import { registerTransferRoutes } from './transfer-routes.js';
import { jobView, type ViewContext } from './views.js';

/** api2convert, under `/v2`; not listening yet. */
export function createApi2convert(shared: Shared, settings: SandboxSettings): VendorServer {
  const store = new JobStore();
  const presets = new Presets();
  const app = createVendorApp(
    {
      vendor: 'api2convert',
      accountKeyOf,
      referenceOf: (body) => {
        const { callback } = readLoose(body);
        return typeof callback === 'string' && callback !== '' ? callback : null;
      },
      factsOf: ({ params, body }) => {
        const job = store.find((params as { jobId?: string }).jobId ?? '');
        return job ? factsOfParts(job.inputs, job.conversions) : factsOfBody(body);
      },
      errorBody: ({ status, code, message, errors }) => (status === 401 ? { message } : { code: code ?? status, message, errors }),
    },
    shared,
  );
  const listener = new Listener(app.server);
  const viewOf = (job: Job): ViewContext => ({
    server: `${listener.origin}/v2/dl/web${(Number.parseInt(job.id.slice(0, 2), 16) % 9) + 1}`,
    now: Date.now(),
    retentionMs: settings.retentionMs,
  });
  const notifier = new Notifier(shared.ledger, settings.webhookSecret, (job) => jobView(job, viewOf(job)));
  const vendor: Api2convert = { store, runner: new Runner(store, notifier, shared.ledger, shared.cloud, settings), shared, credits: settings.credits, viewOf };
  void app.register(
    async (routes) => {
      registerJobRoutes(routes, vendor);
      registerPartRoutes(routes, vendor);
      registerOutputRoutes(routes, vendor);
      registerTransferRoutes(routes, vendor, settings.flatUploadAnswer);
      registerAccountRoutes(routes, vendor);
      registerPresetRoutes(routes, presets);
      registerDocumentRoutes(routes, () => listener.origin);
    },
    { prefix: '/v2' },
  );
  return {
    app,
    listener,
    reset: () => {
      notifier.stop();
      store.clear();
      presets.clear();
    },
  };
}
