import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CallbackReading, RawCallback } from '../../conversion/callback.js';
import type { Report, RunningJob } from '../../conversion/provider.js';
import { readReport } from './mapper.js';
import { readJobIdText, readJobText, type Api2convertSettings } from './wire.js';

/** HMAC-SHA256 of the raw body, lower-case hex (SDKs since 10.2, webhook). Until the vendor signs for an account, no secret is set. */
export function readCallback(callback: RawCallback, header: string, secret: string | null): CallbackReading {
  const providerJobId = readJobIdText(callback.body.toString('utf8'));
  if (secret === null || secret === '') return { verdict: 'hint', providerJobId };
  const told = callback.headers[header];
  const expected = Buffer.from(createHmac('sha256', secret).update(callback.body).digest('hex'));
  const given = Buffer.from(typeof told === 'string' ? told : '');
  const isGenuine = given.length === expected.length && timingSafeEqual(given, expected);
  return isGenuine ? { verdict: 'proven', providerJobId } : { verdict: 'refused' };
}

/** A callback's body is the whole job document, the same as a read's (webhooks guide). */
export function readCallbackReport(running: RunningJob, body: string, settings: Api2convertSettings, secrets: readonly string[]): Report | null {
  const job = readJobText(body);
  if (job === null || job.id !== running.providerJobId || job.status.code === null) return null;
  if (job.status.code === 'failed' && job.errors.length === 0) return null;
  const report = readReport(job, job.status.code, running, settings, job.token === null ? secrets : [...secrets, job.token]);
  // Without its files the document is a part of the job, and no proof that there are none.
  return report.state === 'failed' && report.error.kind === 'output_invalid' ? null : report;
}
