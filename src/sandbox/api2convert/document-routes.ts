import type { FastifyInstance } from 'fastify';
import { vendorDocument } from './document.js';
import { toSwagger } from './swagger.js';

/** `/openapi.json`, and `/schema` in Swagger 2.0 as the API document says; both without a key, and with this server's address. */
export function registerDocumentRoutes(app: FastifyInstance, origin: () => string): void {
  app.get('/openapi.json', async () => ({ ...vendorDocument(), servers: [{ url: `${origin()}/v2`, description: 'API2Convert' }] }));
  app.get('/schema', async () => toSwagger(vendorDocument(), new URL(origin()).host));
}
