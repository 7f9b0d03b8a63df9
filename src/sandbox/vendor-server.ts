import type { FastifyInstance } from 'fastify';
import type { Listener } from './listener.js';

/** One vendor: its server, its door, and how to empty it. */
export interface VendorServer {
  readonly app: FastifyInstance;
  readonly listener: Listener;
  /** Stops and forgets every job, callback and webhook. */
  reset(): void;
}
