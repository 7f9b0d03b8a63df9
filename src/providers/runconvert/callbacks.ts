import { createHmac, timingSafeEqual } from 'node:crypto';
import type { CallbackReading, RawCallback } from '../../conversion/callback.js';
import type { Report, RunningJob } from '../../conversion/provider.js';
import { readReport } from './mapper.js';
import { stateWords, type Settings } from './settings.js';
import { readCallbackJobId, readJob } from './wire.js';

/**
 * A callback proves itself once a secret is set and the settings name the signature's header: an HMAC of the raw body in hex, after an optional "sha256=".
 * RunConvert's documents tell neither header nor algorithm (its SDKs' `VerifySignature` takes body, signature and secret), so until then it is a hint.
 */
export function readCallback(callback: RawCallback, secret: string | null, settings: Settings): CallbackReading {
  const providerJobId = readCallbackJobId(callback.body.toString('utf8'));
  const { signatureHeader, signatureAlgorithm } = settings;
  if (secret === null || secret === '' || signatureHeader === null) return { verdict: 'hint', providerJobId };
  const header = callback.headers[signatureHeader];
  const given = typeof header === 'string' ? header.trim().replace(/^sha\d+=/, '') : '';
  const expected = createHmac(signatureAlgorithm, secret).update(callback.body).digest();
  const signature = /^(?:[0-9a-f]{2})+$/i.test(given) ? Buffer.from(given, 'hex') : Buffer.alloc(0);
  const proven = signature.length === expected.length && timingSafeEqual(signature, expected);
  return proven ? { verdict: 'proven', providerJobId } : { verdict: 'refused' };
}

/**
 * What an event holds is documented nowhere: it may be the job with its tasks and files, or little more than its id. The service that it resembles shows
 * a sample whose `status` is null, so a job without a word of its own is not judged by its tasks here.
 */
export function readCallbackReport(running: RunningJob, body: string, settings: Settings, secrets: readonly string[]): Report | null {
  const job = readJob(body);
  if (job === null || job.id !== running.providerJobId || job.status === null) return null;
  const words = stateWords(settings);
  const blamed = job.tasks.some((task) => words(task.status) === 'failed');
  if (words(job.status) === 'failed' && !blamed && job.said.code === null && job.said.message === null) return null;
  const report = readReport(job, running, settings, secrets);
  return report.state === 'failed' && report.error.kind === 'output_invalid' ? null : report;
}
