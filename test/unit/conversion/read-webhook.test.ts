import { Complaints } from '../../../src/conversion/job-body.js';
import { WEBHOOK_EVENTS } from '../../../src/conversion/job-graph.js';
import { isWebhookSecret, readWebhook } from '../../../src/conversion/read-webhook.js';
import { JOB_STATUSES, EXPORT_STATES } from '../../../src/jobs/states.js';

const URL = 'https://caller.example/hook';
const secretOf = (bytes: number) => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`;

function read(webhook: { url: string; events?: string[]; secret?: string }) {
  const complaints = new Complaints();
  return { ...readWebhook(webhook, (url) => (url === URL ? null : 'No.'), complaints), errors: complaints.errors };
}

it('there is an event for every state that a job or an export comes to, and no other', () => {
  const reached = [...JOB_STATUSES.filter((status) => status !== 'awaiting_input').map((status) => `job.${status}`), ...Object.keys(EXPORT_STATES).filter((status) => status !== 'pending').map((status) => `export.${status}`)];
  expect([...WEBHOOK_EVENTS].sort()).toEqual(reached.sort());
});

it('without events, or with none of them, it wants all; with some those, each once', () => {
  expect(read({ url: URL })).toEqual({ webhook: { url: URL, events: WEBHOOK_EVENTS }, secret: null, errors: [] });
  expect(read({ url: URL, events: [] }).webhook.events).toEqual(WEBHOOK_EVENTS);
  expect(read({ url: URL, events: ['job.failed', 'job.completed', 'job.failed'] }).webhook.events).toEqual(['job.completed', 'job.failed']);
});

it('the secret stands beside the webhook', () => {
  const { webhook, secret } = read({ url: URL, secret: secretOf(32) });
  expect([Object.keys(webhook), secret]).toEqual([['url', 'events'], secretOf(32)]);
});

it('everything that is wrong is told at once, and no secret with it', () => {
  const { errors } = read({ url: 'http://10.0.0.1', events: ['job.done', 'job.completd', 'job.failed'], secret: 'whsec_!hidden!' });
  expect(errors).toEqual([
    { pointer: '/webhook/url', message: 'No.' },
    { pointer: '/webhook/secret', message: expect.stringContaining('24 to 64') as string },
    { pointer: '/webhook/events/0', message: expect.stringMatching(/Must be "job.queued"|did you mean/) as string },
    { pointer: '/webhook/events/1', message: 'There is no such event; did you mean "job.completed"?' },
  ]);
  expect(JSON.stringify(errors)).not.toContain('hidden');
});

it.each([24, 32, 64])('a secret of %i bytes will do', (bytes) => {
  expect(isWebhookSecret(secretOf(bytes))).toBe(true);
});

it.each([
  ['too short', secretOf(23)], ['too long', secretOf(65)], ['without its prefix', secretOf(32).slice(6)], ['in base64url', `whsec_${'-_'.repeat(16)}`],
  ['without its padding', secretOf(32).replace('=', '')], ['with a line end', `${secretOf(32)}\n`], ['empty', 'whsec_'], ['with bits that nobody reads', `whsec_${'A'.repeat(42)}B=`],
])('a secret that is %s will not', (_how, secret) => {
  expect(isWebhookSecret(secret)).toBe(false);
});
