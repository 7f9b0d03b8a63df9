import type { FastifyInstance } from 'fastify';
import type { PretendCloud } from './cloud/pretend-cloud.js';
import { registerCloudRoutes } from './cloud/routes.js';
import type { LedgerView } from './ledger.js';
import type { ReceivedRequest } from './requests.js';
import { BadScenario, VENDOR_NAMES, type Scenario, type VendorName } from './scenario.js';
import type { Dialect } from './settings.js';

/** What the sandbox can be told, in the process or over `/sandbox` on either vendor's port. */
export interface Control {
  /** Queues a scenario; the shape is that of `POST /sandbox/scenarios`. Throws BadScenario. */
  addScenario(scenario: unknown): Scenario;
  clearScenarios(): void;
  scenarios(): readonly Scenario[];
  ledger(): LedgerView;
  requests(): readonly ReceivedRequest[];
  /** The callers' stores. */
  readonly cloud: PretendCloud;
  setDialect(dialect: Dialect): void;
  /** Shuts a vendor's port (connections are refused) or opens it again. */
  setListening(vendor: VendorName, listening: boolean): Promise<void>;
  isListening(vendor: VendorName): boolean;
  /** Forgets jobs, webhooks, scenarios, ledger, requests and stored objects. */
  reset(): void;
}

/** The control plane on `here`'s listener; the other vendor's has it too, so that either can be shut. */
export function registerControl(app: FastifyInstance, here: VendorName, control: Control): void {
  app.get('/sandbox/scenarios', async () => ({ data: control.scenarios() }));
  app.post('/sandbox/scenarios', async (request, reply) => {
    try {
      return await reply.code(201).send(control.addScenario(request.body));
    } catch (error) {
      if (!(error instanceof BadScenario)) throw error;
      return reply.code(400).send({ message: error.message });
    }
  });
  app.delete('/sandbox/scenarios', async (_request, reply) => {
    control.clearScenarios();
    return reply.code(204).send();
  });
  app.get('/sandbox/ledger', async () => control.ledger());
  app.get('/sandbox/requests', async () => ({ data: control.requests() }));
  void app.register((routes) => registerCloudRoutes(routes, control.cloud));
  app.post('/sandbox/reset', async (_request, reply) => {
    control.reset();
    return reply.code(204).send();
  });
  app.post('/sandbox/dialect', async (request, reply) => {
    const dialect = (request.body as { dialect?: unknown } | undefined)?.dialect;
    if (dialect !== 'docs' && dialect !== 'sdk') return reply.code(400).send({ message: '"dialect" must be "docs" or "sdk".' });
    control.setDialect(dialect);
    return { dialect };
  });
  app.post('/sandbox/vendors/:vendor', async (request, reply) => {
    const vendor = VENDOR_NAMES.find((name) => name === (request.params as { vendor: string }).vendor);
    const { listening, reopenAfterMs } = (request.body ?? {}) as { listening?: unknown; reopenAfterMs?: unknown };
    if (!vendor || typeof listening !== 'boolean') return reply.code(400).send({ message: 'Give a vendor and "listening", true or false.' });
    const lastDoor = !listening && VENDOR_NAMES.every((name) => name === vendor || !control.isListening(name));
    if (lastDoor && typeof reopenAfterMs !== 'number') return reply.code(409).send({ message: 'No port would be left to open it again: give "reopenAfterMs".' });
    if (!listening && typeof reopenAfterMs === 'number') setTimeout(() => void control.setListening(vendor, true), reopenAfterMs).unref();
    if (vendor !== here || listening) {
      await control.setListening(vendor, listening);
      return { vendor, listening };
    }
    // The answer goes out before its own port is shut.
    reply.raw.once('finish', () => void control.setListening(vendor, false));
    return reply.header('connection', 'close').send({ vendor, listening });
  });
}
