import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import type { WholeJob } from '../../../src/jobs/rows.js';
import { toBody, toMessage, type NewsRow } from '../../../src/webhooks/message.js';

const JOB = {
  id: '01900000-0000-7000-8000-000000000001', tenant: 'default', status: 'failed', tag: 'Zürich 🚲', progress: 40, retention_seconds: 86_400, error: { code: 'export_failed', message: 'no', retryable: true },
  created_at: '2026-11-22T01:02:03.004+00:00', queued_at: null, started_at: null, ended_at: '2026-11-22T03:02:04+02:00',
  graph: { inputs: [], steps: [], exports: [{ id: 'bucket', type: 's3', inputs: ['png'], bucket: 'b', key: 'k', credentialFields: ['accessKeyId'] }], routing: {}, webhook: { url: 'https://caller.example/hook', events: ['job.failed'] }, retention: 'PT24H', metadata: {} },
  inputs: [], steps: [], exports: [{ id: 'bucket', status: 'undeliverable', error: 'no' }], attempts: [], files: [],
} as unknown as WholeJob;

const news = (more: Partial<NewsRow> = {}): NewsRow => ({ eventId: '01900000-0000-7000-8000-000000000002', sequence: 4, type: 'job.failed', exportId: null, job: JOB, createdAt: new Date('2026-11-22T01:02:04.005Z'), ...more });
const read = (row: NewsRow) => JSON.parse(toBody(row, 'https://gateway.example')) as Record<string, unknown>;

describe('the body', () => {
  it('is the event and the job as it is shown, and nothing else', () => {
    const body = read(news());
    expect(Object.keys(body)).toEqual(['type', 'timestamp', 'sequence', 'data']);
    expect(body).toMatchObject({ type: 'job.failed', timestamp: '2026-11-22T01:02:04.005Z', sequence: 4, data: { id: JOB.id, status: 'failed', tag: 'Zürich 🚲', createdAt: '2026-11-22T01:02:03.004Z', endedAt: '2026-11-22T01:02:04.000Z', webhook: { url: 'https://caller.example/hook' } } });
    expect(JSON.stringify(body)).not.toMatch(/tenant|credential|whsec/);
  });

  it('of an export\'s event has the export besides', () => {
    const { export: target, data } = read(news({ type: 'export.undeliverable', exportId: 'bucket' }));
    expect(target).toMatchObject({ id: 'bucket', type: 's3', status: 'undeliverable', error: 'no' });
    expect((data as { exports: unknown[] }).exports).toEqual([target]);
  });
});

describe('the signature', () => {
  const at = new Date(Math.floor(Date.now() / 1000) * 1000 + 789);

  it('is what the official library verifies, for any secret and any words', () => {
    fc.assert(fc.property(fc.uint8Array({ minLength: 24, maxLength: 64 }), fc.string({ unit: 'grapheme' }), (bytes, tag) => {
      const secret = `whsec_${Buffer.from(bytes).toString('base64')}`;
      const { headers, body } = toMessage(news({ job: { ...JOB, tag } }), '', secret, at);
      expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
    }), { numRuns: 100 });
  });

  it('is HMAC-SHA256 over id, time and body, by the book', () => {
    const key = Buffer.alloc(32, 9);
    const { headers, body } = toMessage(news(), '', `whsec_${key.toString('base64')}`, at);
    const seconds = Math.floor(at.getTime() / 1000);
    expect(headers).toMatchObject({ 'webhook-id': news().eventId, 'webhook-timestamp': String(seconds), 'content-type': 'application/json' });
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(`${news().eventId}.${seconds}.${body}`).digest('base64')}`);
  });
});
