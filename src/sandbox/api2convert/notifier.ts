import { createHmac } from 'node:crypto';
import { planFinalCallbacks, type PlannedCallback } from '../callback-plan.js';
import { CallbackSender } from '../callbacks.js';
import type { Ledger } from '../ledger.js';
import { scenarioOf } from '../scenarios.js';
import { hasEnded, newId, type Job, type JsonObject } from './job.js';

/**
 * Sends the job document to the job's callback URL (webhooks guide): on the end, or on every status with
 * `notify_status`; 3 s for the first answer, 10 s later; 5xx and silence are tried 10 times more, 4xx never.
 */
export class Notifier {
  private readonly sender: CallbackSender;

  constructor(
    ledger: Ledger,
    private readonly secret: string | null,
    private readonly view: (job: Job) => JsonObject,
  ) {
    this.sender = new CallbackSender({
      retries: 10,
      again: (status) => status === null || status >= 500,
      timeoutMs: (attempt) => (attempt === 1 ? 3_000 : 10_000),
      tried: (callback, attempt, status) => ledger.sent('api2convert', callback.jobId, callback.label, attempt, status),
    });
  }

  /** The job's status has changed. */
  changed(job: Job): void {
    if (job.callback === '') return;
    if (hasEnded(job)) planFinalCallbacks(job).forEach((planned) => this.send(job, this.view(job), planned));
    else if (job.notifyStatus && !scenarioOf(job, 'no-callback')) this.send(job, this.view(job), { kind: 'true', signed: true, delayMs: 0 });
    if (job.status === 'processing' && scenarioOf(job, 'forged-callback')) this.forge(job);
  }

  stop(): void {
    this.sender.stop();
  }

  private send(job: Job, view: JsonObject, { kind, signed, delayMs }: PlannedCallback): void {
    const document = kind === 'stale' ? { ...view, status: { code: 'processing', info: '' }, output: [] } : view;
    const body = JSON.stringify(document);
    this.post(job, kind === 'stale' ? 'processing' : job.status, body, signed ? this.secret : null, delayMs);
  }

  /** Somebody who knows the URL but not the secret says that the job is done. */
  private forge(job: Job): void {
    const output = [{ id: newId(), filename: 'forged.png', uri: 'http://127.0.0.1:9/forged.png', size: 6, status: 'enabled', content_type: 'image/png' }];
    const document = { ...this.view(job), status: { code: 'completed', info: '' }, output };
    this.post(job, 'forged', JSON.stringify(document), this.secret === null ? null : 'not the secret', 0);
  }

  private post(job: Job, label: string, body: string, secret: string | null, delayMs: number): void {
    const signature: Record<string, string> = secret === null ? {} : { 'x-oc-signature': createHmac('sha256', secret).update(body).digest('hex') };
    const headers = { 'user-agent': 'API2Convert API v2 Client (https://api.api2convert.com)', ...signature };
    this.sender.send(job.id, { url: job.callback, body, headers, jobId: job.id, label, delayMs });
  }
}
