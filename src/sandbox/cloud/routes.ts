import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isStoreKind, type PretendCloud, type StoredObject, type StoreLocation } from './pretend-cloud.js';

const LIMIT_BYTES = 64 * 1024 * 1024;

/** An object without its bytes. */
export interface StoredObjectView extends StoreLocation {
  readonly size: number;
  readonly contentType: string;
  readonly sha256: string;
  readonly storedAt: string;
}

/** `/sandbox/cloud`: lists, seeds, reads and removes objects of the pretend cloud, as `/<store>/<place>/<key>`. */
export async function registerCloudRoutes(app: FastifyInstance, cloud: PretendCloud): Promise<void> {
  // Seeds are bytes, whatever type they say.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: LIMIT_BYTES }, (_request, body, done) => done(null, body));

  app.get('/sandbox/cloud', async () => ({ data: cloud.list().map(view) }));
  app.put('/sandbox/cloud/:store/:place/*', async (request, reply) => {
    const location = locationOf(request);
    if (!location) return reply.code(400).send({ message: 'Give a store, a place and a key.' });
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    return reply.code(201).send(view(cloud.put(location, body, request.headers['content-type'] ?? 'application/octet-stream')));
  });
  app.get('/sandbox/cloud/:store/:place/*', async (request, reply) => {
    const location = locationOf(request);
    const object = location && cloud.find(location);
    if (!object) return reply.code(404).send({ message: 'There is no such object.' });
    return reply.type(object.contentType).header('x-sha256', object.sha256).send(object.bytes);
  });
  app.delete('/sandbox/cloud/:store/:place/*', async (request, reply) => {
    const location = locationOf(request);
    return reply.code(location && cloud.remove(location) ? 204 : 404).send();
  });
}

export function view({ store, place, key, bytes, contentType, sha256, storedAt }: StoredObject): StoredObjectView {
  return { store, place, key, size: bytes.length, contentType, sha256, storedAt: storedAt.toISOString() };
}

function locationOf({ params }: FastifyRequest): StoreLocation | null {
  const { store, place, '*': key } = params as { store: string; place: string; '*': string };
  return isStoreKind(store) && key !== '' ? { store, place, key } : null;
}
