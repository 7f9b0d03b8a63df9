import { createHmac } from 'node:crypto';
import { planFinalCallbacks } from '../callback-plan.js';
import { CallbackSender } from '../callbacks.js';
import type { Ledger } from '../ledger.js';
import { scenarioOf } from '../scenarios.js';
import type { Job, JsonObject, RunTask } from './job.js';
import type { EventName, Webhook, Webhooks } from './webhooks.js';

export interface EventViews {
  readonly job: (job: Job) => JsonObject;
  readonly task: (job: Job, task: RunTask) => JsonObject;
}

type Happening = 'created' | 'finished' | 'failed';

/**
 * Tells events to the account's webhooks: `{ "event", "job" }` or `{ "event", "task" }`, signed in `RunConvert-Signature`
 * (hex HMAC-SHA256 of the body), 3 more tries on 5xx and silence, none after 410. The vendor documents none of this;
 * it follows the API that its SDKs resemble.
 */
export class WebhookNotifier {
  private readonly sender: CallbackSender;

  constructor(
    ledger: Ledger,
    private readonly webhooks: Webhooks,
    private readonly views: EventViews,
  ) {
    this.sender = new CallbackSender({
      retries: 3,
      again: (status) => status === null || status >= 500,
      timeoutMs: () => 10_000,
      tried: (callback, attempt, status) => {
        ledger.sent('runconvert', callback.jobId, callback.label, attempt, status);
        if (status === 410) webhooks.disable(callback.url);
      },
    });
  }

  job(job: Job, happening: Happening): void {
    const event = `job.${happening}` as const;
    if (happening === 'created') return this.tell(job, event, { job: this.views.job(job) });
    for (const { kind, signed, delayMs } of planFinalCallbacks(job)) {
      if (kind === 'stale') this.tell(job, 'job.created', { job: this.views.job(job) });
      else this.tell(job, event, { job: this.views.job(job) }, { signed, delayMs });
    }
  }

  task(job: Job, task: RunTask, happening: Happening): void {
    this.tell(job, `task.${happening}`, { task: this.views.task(job, task) });
  }

  /** Somebody who knows the URL but not the secret says that the job is done. */
  forge(job: Job): void {
    if (!scenarioOf(job, 'forged-callback')) return;
    const view = { ...this.views.job(job), status: 'finished' };
    this.tell(job, 'job.finished', { job: view }, { signed: true, delayMs: 0, secret: 'not the secret' });
  }

  stop(): void {
    this.sender.stop();
  }

  private tell(job: Job, event: EventName, news: JsonObject, how: { signed: boolean; delayMs: number; secret?: string } = { signed: true, delayMs: 0 }): void {
    if (scenarioOf(job, 'no-callback') || scenarioOf(job, 'vanish')) return;
    const body = JSON.stringify({ event, ...news });
    for (const hook of this.webhooks.ofAccount(job.key)) if (hook.enabled && hook.events.includes(event)) this.post(hook, job, event, body, how);
  }

  private post(hook: Webhook, job: Job, label: string, body: string, how: { signed: boolean; delayMs: number; secret?: string }): void {
    const signature = createHmac('sha256', how.secret ?? hook.secret).update(body).digest('hex');
    const headers: Record<string, string> = how.signed ? { 'runconvert-signature': signature } : {};
    this.sender.send(`${hook.id} ${job.id}`, { url: hook.endpointUrl, body, headers, jobId: job.id, label: how.secret ? 'forged' : label, delayMs: how.delayMs });
  }
}
