import { ProviderError } from '../../../src/conversion/errors.js';
import { uploadKey, type Content, type CreatedJob, type Provider, type ProviderAccount, type Report, type RunningJob, type StageWork } from '../../../src/conversion/provider.js';
import { Readable } from 'node:stream';
import { scriptedHttp, type ScriptedHttp, type ScriptedTurn } from '../scripted-http.js';
import type { AdapterHarness, ExpectedReport } from './harness.js';

export const API_KEY = 'key-0123456789abcdef0123456789abcdef';
export const WEBHOOK_SECRET = 'whsec-fedcba9876543210';
export const NOW = new Date('2026-03-01T12:00:00Z');

export const idle = (): AbortSignal => new AbortController().signal;

/** The adapter under test before a vendor that answers as scripted. */
export function bench(harness: AdapterHarness, turns: readonly ScriptedTurn[], account: Partial<ProviderAccount> = {}): { provider: Provider; http: ScriptedHttp } {
  const http = scriptedHttp(...turns);
  const whole = { id: 'account-1', baseUrl: harness.baseUrl, apiKey: API_KEY, webhookSecret: null, settings: harness.settings, ...account };
  return { provider: harness.make(whole, http, () => NOW), http };
}

/** The error that a call ends with; a call that succeeds, or ends with anything but a ProviderError, fails the test. */
export async function failureOf(call: Promise<unknown>): Promise<ProviderError> {
  const failure = await call.then(
    () => new Error('The call succeeded.'),
    (reason: unknown) => reason,
  );
  if (failure instanceof ProviderError) return failure;
  throw failure;
}

export function runningJob(harness: AdapterHarness, providerJobId = harness.answers.providerJobId): RunningJob {
  return { providerJobId, reference: harness.work.reference, steps: harness.work.steps, exports: [] };
}

export function plain(report: Report): ExpectedReport {
  return report.state === 'failed' ? { state: 'failed', kind: report.error.kind, code: report.error.code, cost: report.cost } : report;
}

export async function createForUpload(harness: AdapterHarness): Promise<CreatedJob> {
  return bench(harness, harness.answers.createForUpload).provider.create(harness.uploadWork, idle());
}

export function onlyUpload(work: StageWork): string {
  const input = work.inputs.find(({ source }) => source.type === 'upload');
  if (input === undefined) throw new Error('The harness\'s uploadWork has no upload input.');
  return uploadKey(input);
}

export const content: Content = { filename: 'bytes.png', contentType: 'image/png', size: 5, open: () => Readable.from([Buffer.from('bytes')]) };

/** Each call of a provider that talks to the vendor, after the answers of the calls before it. */
export const METHODS = ['create', 'upload', 'start', 'read', 'cancel'] as const;
export type Method = (typeof METHODS)[number];

export function answersOf(harness: AdapterHarness, method: Method): readonly ScriptedTurn[] {
  return method === 'read' ? harness.answers.readSucceeded : harness.answers[method];
}

export function invoke(harness: AdapterHarness, provider: Provider, method: Method, created: CreatedJob, signal: AbortSignal): Promise<unknown> {
  switch (method) {
    case 'create':
      return provider.create(harness.work, signal);
    case 'upload':
      return provider.upload(harness.uploadWork, created, onlyUpload(harness.uploadWork), content, signal);
    case 'start':
      return provider.start(created, signal);
    case 'read':
      return provider.read(runningJob(harness, created.providerJobId), signal);
    case 'cancel':
      return provider.cancel(created.providerJobId, signal);
    default:
      throw new Error(String(method satisfies never));
  }
}
