import type { Complaints, JobBody } from './job-body.js';
import { WEBHOOK_EVENTS, type JobWebhook, type WebhookEvent } from './job-graph.js';
import { nearest } from './nearest.js';
import type { CheckAddress } from './place-fields.js';
import { oneOf } from './places.js';

/** Standard Webhooks, "Signature scheme": between 24 and 64 bytes, base64, behind this prefix. */
const PREFIX = 'whsec_';
const LEAST_BYTES = 24;
const MOST_BYTES = 64;

export interface ReadWebhook {
  readonly webhook: JobWebhook;
  /** Stands beside the webhook, so that nothing that keeps or shows a graph can hold it; null where the tenant's signs. */
  readonly secret: string | null;
}

/** Reads where a job's events go. No complaint holds the secret. */
export function readWebhook({ url, events, secret }: NonNullable<JobBody['webhook']>, checkAddress: CheckAddress, complaints: Complaints): ReadWebhook {
  const wrong = checkAddress(url);
  if (wrong !== null) complaints.add('/webhook/url', wrong);
  if (secret !== undefined && !isWebhookSecret(secret)) {
    complaints.add('/webhook/secret', `Must be "${PREFIX}" and ${LEAST_BYTES} to ${MOST_BYTES} random bytes in base64; leave it out, and GET /v1/webhook-secret tells what signs.`);
  }
  const wanted = new Set(events ?? []);
  (events ?? []).forEach((name, index) => {
    if (isEvent(name)) return;
    const meant = nearest(name, WEBHOOK_EVENTS);
    complaints.add(`/webhook/events/${index}`, meant === null ? `There is no such event. Must be ${oneOf(WEBHOOK_EVENTS)}.` : `There is no such event; did you mean "${meant}"?`);
  });
  return { webhook: { url, events: wanted.size === 0 ? WEBHOOK_EVENTS : WEBHOOK_EVENTS.filter((name) => wanted.has(name)) }, secret: secret ?? null };
}

/** Whether every library that signs and verifies reads the same key out of it. */
export function isWebhookSecret(secret: string): boolean {
  if (!secret.startsWith(PREFIX)) return false;
  const text = secret.slice(PREFIX.length);
  const bytes = Buffer.from(text, 'base64');
  return bytes.toString('base64') === text && bytes.length >= LEAST_BYTES && bytes.length <= MOST_BYTES;
}

function isEvent(name: string): name is WebhookEvent {
  return (WEBHOOK_EVENTS as readonly string[]).includes(name);
}
