import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProviderError } from '../../../src/conversion/errors.js';
import type { Report, RunningJob } from '../../../src/conversion/provider.js';
import { readEnv } from '../../../src/platform/env.js';
import type { ErrorKinds } from '../../../src/providers/error-kinds-config.js';
import { GuardedProvider } from '../../../src/providers/guarded-provider.js';
import { readProviderConfigs } from '../../../src/providers/provider-config.js';
import { Steered } from '../../support/steered-provider.js';

const JOB = { providerJobId: 'theirs', reference: 'ours', steps: [], exports: [] } as RunningJob;
const error = (code: string | null) => new ProviderError('unmapped', 'Odd.', { code, created: 'not_created', retryAfterMs: 5 });

async function read(says: Report | ProviderError, kinds?: ErrorKinds): Promise<ProviderError> {
  const vendor = new Steered('vendor', ['convert']);
  vendor.says = says;
  const report = await new GuardedProvider(vendor, [], kinds).read(JOB, AbortSignal.timeout(1000)).catch((thrown: unknown) => thrown as ProviderError);
  return report instanceof ProviderError ? report : ((report as { error: ProviderError }).error);
}

describe('an operator says what a code means', () => {
  it.each<[string, Report | ProviderError]>([['thrown by a call', error('6005')], ['inside a report', { state: 'failed', error: error('6005'), cost: { credits: 1 } } ]])('of an error %s', async (_name, says) => {
    expect(await read(says, { 6005: 'invalid_input' })).toMatchObject({ kind: 'invalid_input', message: 'Odd.', details: { code: '6005', created: 'not_created', retryAfterMs: 5 } });
    expect((await read(says)).kind).toBe('unmapped');
  });

  it.each([['another code', '600'], ['no code', null], ['a word that every object has', 'constructor']])('and nothing of %s', async (_name, code) => {
    expect((await read(error(code), { 6005: 'invalid_input' })).kind).toBe('unmapped');
  });
});

describe('PROVIDERS_FILE', () => {
  let folder: string;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'errors-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const configured = (errors: unknown) => {
    const path = join(folder, 'providers.json');
    writeFileSync(path, JSON.stringify({ providers: [{ id: 'one', adapter: 'runconvert', apiKey: 'key', errors }] }));
    return readProviderConfigs(readEnv({ DATA_DIR: folder, PROVIDERS_FILE: path }), {})[0]?.errors;
  };

  it('says it by code', () => expect(configured({ insufficient_credits: 'unavailable', http_503: 'rate_limited' })).toEqual({ insufficient_credits: 'unavailable', http_503: 'rate_limited' }));

  it.each<[string, unknown, RegExp]>([
    ['a kind that there is not', { http_503: 'rate_limitd' }, /\/providers\/0\/errors\/http_503 must be the kind .* "rate_limitd" is none of invalid_input, .*; did you mean "rate_limited"\?/],
    ['a policy in place of a kind', { http_503: { then: 'fail_job' } }, /\/providers\/0\/errors\/http_503 .*what follows a kind cannot be changed/],
    ['no code', { '': 'unavailable' }, /\/providers\/0\/errors\/ /],
    ['a list', ['unavailable'], /\/providers\/0\/errors /],
  ])('is refused with %s, at its place', (_name, errors, message) => expect(() => configured(errors)).toThrow(message));
});
