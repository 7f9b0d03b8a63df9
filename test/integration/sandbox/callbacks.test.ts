import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Sandbox } from '../../../src/sandbox/sandbox.js';
import { Api2convertClient, remote } from './api2convert-client.js';
import { RunConvertClient, toPng } from './runconvert-client.js';
import { sandboxOnFreePorts, startReceiver, textOf, until, type Json, type Receiver } from './support.js';

const SECRET = 'callback secret';
const photo = { input: [remote('harbour.jpg')], conversion: [{ category: 'image', target: 'png' }] };

let sandbox: Sandbox;
let client: Api2convertClient;
let runconvert: RunConvertClient;
beforeAll(async () => {
  sandbox = await sandboxOnFreePorts({ webhookSecret: SECRET });
  client = new Api2convertClient(sandbox.api2convertUrl);
  runconvert = new RunConvertClient(sandbox.runconvertUrl);
});
afterEach(() => sandbox.control.reset());
afterAll(() => sandbox.close());

const tell = (name: string, more: object = {}): unknown => sandbox.control.addScenario({ name, ...more });

describe('scenarios: callbacks', () => {
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await startReceiver();
  });
  afterEach(() => receiver.close());

  const codes = (): Json[] => receiver.received.map(({ json }) => json.status!.code!);
  const isSigned = (at: number): boolean => {
    const { body, headers } = receiver.received[at]!;
    return headers['x-oc-signature'] === createHmac('sha256', SECRET).update(body).digest('hex');
  };
  const called = (times: number): Promise<unknown> => until(() => receiver.received, (all) => all.length >= times);
  const run = (more: object = {}): Promise<Json> => client.run({ ...photo, callback: receiver.url, ...more });

  it('sends the job document once, signed where a secret is set', async () => {
    const job = await run();
    await called(1);
    await pause(50);
    expect(receiver.received.map(({ json }) => json)).toEqual([job]);
    expect(isSigned(0)).toBe(true);
  });

  it('tells every status where that is asked', async () => {
    await run({ notify_status: true });
    await called(6);
    expect(codes()).toEqual(['ready', 'queued', 'downloading', 'processing', 'saving', 'completed']);
  });

  it('tries again after a 5xx, never after a 4xx', async () => {
    const shaky = await startReceiver(503, 500, 200);
    await run({ callback: shaky.url });
    const { callbacks } = await until(() => sandbox.control.ledger(), (ledger) => ledger.callbacks.length === 3);
    expect(callbacks.map(({ attempt, status }) => [attempt, status])).toEqual([[1, 503], [2, 500], [3, 200]]);
    const stern = await startReceiver(400);
    await run({ callback: stern.url });
    await pause(150);
    expect(stern.received).toHaveLength(1);
    await Promise.all([shaky.close(), stern.close()]);
  });

  it('keeps silent', async () => {
    tell('no-callback');
    await run();
    await pause(100);
    expect(receiver.received).toHaveLength(0);
  });

  it('repeats itself', async () => {
    tell('duplicate-callback', { options: { n: 4 } });
    await run();
    await called(4);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
  });

  it('comes late', async () => {
    tell('late-callback', { options: { delayMs: 200 } });
    await run();
    expect(receiver.received).toHaveLength(0);
    await called(1);
  });

  it('comes in the wrong order', async () => {
    tell('reordered-callback');
    await run();
    await called(2);
    expect(codes()).toEqual(['completed', 'processing']);
  });

  it('is forged before the truth comes', async () => {
    tell('forged-callback');
    await run();
    await called(2);
    expect(receiver.received.map(({ json }) => textOf(json.output![0]!.uri).startsWith('http://127.0.0.1:9/'))).toEqual([true, false]);
    expect([isSigned(0), isSigned(1)]).toEqual([false, true]);
  });

  it('comes unsigned', async () => {
    tell('unsigned-callback');
    await run();
    await called(1);
    expect(receiver.received[0]!.headers['x-oc-signature']).toBeUndefined();
  });

  it('does the same at the other vendor', async () => {
    const hook = (await runconvert.request('/webhooks', { json: { endpoint_url: receiver.url, events: ['job.finished'] } })).json;
    tell('forged-callback');
    tell('duplicate-callback', { options: { n: 2 } });
    await runconvert.run(toPng('harbour.jpg'));
    await called(3);
    const genuine = receiver.received.map(({ body, headers }) => headers['runconvert-signature'] === createHmac('sha256', textOf(hook.secret)).update(body).digest('hex'));
    expect(genuine).toEqual([false, true, true]);
  });
});
