import type { FastifyInstance } from 'fastify';
import { formatViews, operationViews, outputViews } from './catalogue.js';
import { requireAccount, type RunConvert } from './context.js';
import type { JsonObject } from './job.js';
import { webhookView } from './webhooks.js';

/** What belongs to no job: `/core` (no key needed) and `/webhooks`. */
export function registerAccountRoutes(app: FastifyInstance, { webhooks }: RunConvert): void {
  app.get('/core/formats', { config: { call: 'catalogue' } }, async () => listed(formatViews()));
  app.get('/core/outputs', { config: { call: 'catalogue' } }, async (request) => listed(outputViews((request.query as { input_format?: string }).input_format ?? '')));
  app.get('/core/operations', { config: { call: 'catalogue' } }, async (request) => {
    const { input_format: input, output_format: output } = request.query as { input_format?: string; output_format?: string };
    return listed(operationViews(input, output));
  });

  app.get('/webhooks', { config: { call: 'webhook' } }, async (request) => listed(webhooks.ofAccount(requireAccount(request)).map(webhookView)));
  app.post('/webhooks', { config: { call: 'webhook' } }, async (request, reply) => {
    const hook = webhooks.create(requireAccount(request), request.body);
    return reply.code(201).send({ ...webhookView(hook), secret: hook.secret });
  });
  app.delete('/webhooks/:hookId', { config: { call: 'webhook' } }, async (request, reply) => {
    webhooks.remove(requireAccount(request), (request.params as { hookId: string }).hookId);
    return reply.code(204).send();
  });
}

function listed(data: readonly JsonObject[]): JsonObject {
  return { data, meta: { count: data.length } };
}
