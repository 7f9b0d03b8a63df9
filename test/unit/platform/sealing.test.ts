import { randomBytes } from 'node:crypto';
import { seal, unseal, Unsealable } from '../../../src/platform/sealing.js';

const key = Buffer.alloc(32, 1);
const PLACE = 'job/019a0000-0000-7000-8000-000000000001/photo';

it.each(['a', '', 'pässwörd 🔑', '-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\n', 'x'.repeat(100_000)])('what was sealed opens at its place (%#)', (secret) => {
  expect(unseal(key, PLACE, seal(key, PLACE, secret))).toBe(secret);
});

it('the secret cannot be seen, and twice the same is not the same', () => {
  const [one, other] = [seal(key, PLACE, 'the-secret'), seal(key, PLACE, 'the-secret')];
  expect(one.includes('the-secret')).toBe(false);
  expect(one.equals(other)).toBe(false);
  expect(one).toHaveLength(1 + 12 + 16 + 'the-secret'.length);
});

it('one changed byte, wherever it is, and it does not open', () => {
  const sealed = seal(key, PLACE, 'the-secret');
  for (const index of sealed.keys()) {
    const changed = Buffer.from(sealed);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(() => unseal(key, PLACE, changed)).toThrow(Unsealable);
  }
});

it.each([0, 1, 13, 28, 29, 38])('cut to %i bytes it does not open', (length) => {
  expect(() => unseal(key, PLACE, seal(key, PLACE, 'the-secret').subarray(0, length))).toThrow(Unsealable);
});

it('another key does not open it', () => {
  expect(() => unseal(randomBytes(32), PLACE, seal(key, PLACE, 'the-secret'))).toThrow(Unsealable);
});

it.each(['job/019a0000-0000-7000-8000-000000000002/photo', 'job/019a0000-0000-7000-8000-000000000001/other', ''])('moved to "%s" it does not open', (place) => {
  expect(() => unseal(key, place, seal(key, PLACE, 'the-secret'))).toThrow(Unsealable);
});

it('the error tells neither the secret nor the key', () => {
  try {
    unseal(key, 'elsewhere', seal(key, PLACE, 'the-secret'));
  } catch (error) {
    expect(`${(error as Error).message} ${(error as Error).stack}`).not.toMatch(/the-secret|AQEB/);
    return;
  }
  throw new Error('it opened');
});
