import { Refusal } from '../refusal.js';
import { looseObject } from './create-job.js';
import { newId, newSecret, type JsonObject } from './job.js';
import { stamp } from './views.js';

export const EVENTS = ['job.created', 'job.finished', 'job.failed', 'task.created', 'task.finished', 'task.failed'] as const;
export type EventName = (typeof EVENTS)[number];

export interface Webhook {
  readonly id: string;
  readonly key: string;
  readonly endpointUrl: string;
  readonly events: readonly EventName[];
  /** `whsec_…`: the key of the signature, as it stands. */
  readonly secret: string;
  readonly createdAt: Date;
  enabled: boolean;
}

/** The accounts' webhooks. */
export class Webhooks {
  private hooks: Webhook[] = [];

  create(key: string, body: unknown): Webhook {
    const { endpoint_url: url, events } = looseObject(body);
    const parsed = typeof url === 'string' ? URL.parse(url) : null;
    if (typeof url !== 'string' || !parsed?.protocol.startsWith('http')) throw new Refusal(400, '"endpoint_url" must be an http or https URL.', 'bad_request');
    const named: unknown[] = Array.isArray(events) ? events : [];
    if (named.length === 0 || !named.every(isEvent)) throw new Refusal(400, `"events" must name some of ${EVENTS.join(', ')}.`, 'bad_request');
    const hook: Webhook = { id: newId(), key, endpointUrl: url, events: named, secret: `whsec_${newSecret()}`, createdAt: new Date(), enabled: true };
    this.hooks.push(hook);
    return hook;
  }

  ofAccount(key: string): readonly Webhook[] {
    return this.hooks.filter((hook) => hook.key === key);
  }

  remove(key: string, id: string): void {
    if (!this.hooks.some((hook) => hook.key === key && hook.id === id)) throw new Refusal(404, 'The webhook does not exist.', 'not_found');
    this.hooks = this.hooks.filter((hook) => hook.id !== id);
  }

  /** An endpoint that answered 410 is not called again. */
  disable(url: string): void {
    for (const hook of this.hooks) if (hook.endpointUrl === url) hook.enabled = false;
  }

  clear(): void {
    this.hooks = [];
  }
}

/** The secret is told once, on create. */
export function webhookView({ id, endpointUrl, events, enabled, createdAt }: Webhook): JsonObject {
  return { id, endpoint_url: endpointUrl, events, enabled, created_at: stamp(createdAt) };
}

function isEvent(value: unknown): value is EventName {
  return (EVENTS as readonly unknown[]).includes(value);
}
