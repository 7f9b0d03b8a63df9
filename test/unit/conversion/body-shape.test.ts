import { shapeOf } from '../../../src/conversion/body-shape.js';

const shape = (value: unknown): string => shapeOf(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)));

it('keeps fields, kinds and the words that tell what it is about', () => {
  const body = { event: 'job.finished', job: { id: 'abc-1', status: { code: 'failed', info: 'No access for AKIA' }, spent: 3, ok: true, tasks: [{ id: 7, name: 'import' }], none: null } };
  expect(JSON.parse(shape(body))).toEqual({
    event: 'job.finished',
    job: { id: 'abc-1', status: { code: 'failed', info: '[text of 18]' }, spent: '[number]', ok: true, tasks: [{ id: 7, name: '[text of 6]' }], none: null },
  });
});

it.each<[string, (secret: string) => unknown]>([
  ['under any field', (secret) => ({ job: { input: [{ credentials: { secret_access_key: secret } }] } })],
  ['in a message', (secret) => ({ status: `no access with ${secret}` })],
  ['in a list', (secret) => [secret, [secret]]],
  ['as a field\'s name', (secret) => ({ [secret]: 1 })],
  ['in text that is no JSON', (secret) => `key=${secret}`],
  ['deep inside', (secret) => Array.from({ length: 20 }).reduce<unknown>((inner) => ({ inner }), { id: secret })],
])('a secret %s is gone', (_name, body) => {
  const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCY "canary"';
  expect(shape(body(secret))).not.toContain('wJalr');
  // A control: it was there.
  expect(JSON.stringify(body(secret))).toContain('wJalr');
});

it('is small whatever comes', () => {
  for (const huge of [Array.from({ length: 10_000 }, () => ({ a: 1 })), Array.from({ length: 50 }, () => Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`field_${index}`, 'x']))), 'x'.repeat(2_000_000)]) expect(shape(huge).length).toBeLessThan(17_000);
  expect(shape('['.repeat(50_000))).toBe('[50000 bytes that are no JSON]');
  expect(shape(`${'['.repeat(50_000)}${']'.repeat(50_000)}`)).toContain('[deeper]');
});
