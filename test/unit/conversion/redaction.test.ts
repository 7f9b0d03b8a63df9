import { ProviderError } from '../../../src/conversion/errors.js';
import { redact, spellingsOf, withoutSecrets } from '../../../src/conversion/redaction.js';

const KEY = '-----BEGIN PRIVATE KEY-----\nMIIEvSecretLine1\nSecretLine2==\n-----END PRIVATE KEY-----\n';
const credentials = { accountKey: 'ab+c/d"e==', privateKey: KEY };
const secrets = spellingsOf(credentials);

it.each([
  ['as it is', 'no access with ab+c/d"e== there'],
  ['inside JSON', JSON.stringify({ said: 'ab+c/d"e==' })],
  ['inside a URL', `https://x.example/?sig=${encodeURIComponent('ab+c/d"e==')}`],
  ['a whole key', KEY],
  ['a key inside JSON', JSON.stringify({ private_key: KEY })],
  ['one line of a key', 'bad line: MIIEvSecretLine1'],
  ['a key with its lines joined', KEY.replaceAll('\n', ' ')],
])('a secret repeated %s is taken out', (_how, text) => {
  const said = redact(text, secrets);
  expect(said).toContain('[redacted]');
  expect(said).not.toMatch(/ab\+c|ab%2Bc|SecretLine/);
});

it('what holds no secret stays as it is, what looks like a pattern too', () => {
  expect(redact('The bucket (a.b*c) was not found.', secrets)).toBe('The bucket (a.b*c) was not found.');
  expect(redact('aXb a.b', ['a.b'])).toBe('aXb [redacted]');
  expect(redact('text', ['', ''])).toBe('text');
});

it('a short secret inside a long one, or inside the word that stands for it, spoils nothing', () => {
  expect(redact('key-long and key', ['key', 'key-long', 'red'])).toBe('[redacted] and [redacted]');
});

it('an error keeps its kind and details, and loses the secrets', () => {
  const error = withoutSecrets(new ProviderError('rate_limited', 'wrong: ab+c/d"e==', { code: 'x-ab+c/d"e==', retryAfterMs: 7, created: 'not_created' }), secrets);
  expect([error.kind, error.message, error.details]).toEqual(['rate_limited', 'wrong: [redacted]', { code: 'x-[redacted]', retryAfterMs: 7, created: 'not_created' }]);
});

it.each(['"', '…', ''])('the beginning of a secret that was cut off before %p goes too', (end) => {
  expect(withoutSecrets(new ProviderError('unmapped', `said: MIIEvSecr${end}`), secrets).message).toBe(`said: [redacted]${end}`);
  expect(withoutSecrets(new ProviderError('unmapped', `said: Miss${end}`), secrets).message).toBe(`said: Miss${end}`);
});
