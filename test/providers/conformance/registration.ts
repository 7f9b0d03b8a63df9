import { bench, failureOf, idle } from './bench.js';
import type { AdapterHarness } from './harness.js';

const TOKEN = 'the-token-of-this-account-1234567890';
const URL_OF_OURS = `https://gateway.example/v1/callbacks/main/${TOKEN}`;
const isOurs = (endpoint: string): boolean => endpoint.endsWith(`/${TOKEN}`);

export function registrationClauses(harness: AdapterHarness): void {
  const { provider } = bench(harness, []);

  describe('callbacks of an account', () => {
    it('are registered where they belong to the account, and only there', () => {
      expect(provider.registerCallbacks !== undefined).toBe(provider.traits.callbacks === 'account');
    });

    if (provider.registerCallbacks === undefined) return;
    const { webhooks } = harness;
    const register = async (listed: readonly (readonly [id: string, endpoint: string])[], ...more: readonly number[]) => {
      const { provider: speaking, http } = bench(harness, [webhooks.list(listed), ...more.map((status) => ({ status, body: {} }))]);
      const outcome = await speaking.registerCallbacks?.(URL_OF_OURS, isOurs, idle());
      return { outcome, calls: http.calls.map(({ method, url, json }) => [method, url.split('/').at(-1), json === undefined ? null : JSON.stringify(json)]) };
    };

    it('once: what is there already is left alone', async () => {
      expect(await register([['1', 'https://elsewhere.example/hook'], ['2', URL_OF_OURS]])).toMatchObject({ outcome: 'there', calls: [['GET', 'webhooks', null]] });
    });

    it('where there is none, and others\' are not touched', async () => {
      const { outcome, calls } = await register([['1', 'https://elsewhere.example/hook']], 201);
      expect([outcome, calls.map(([method]) => method)]).toEqual(['made', ['GET', 'POST']]);
      expect(calls[1]?.[2]).toContain(URL_OF_OURS);
    });

    it('anew where our address has changed: the old one goes', async () => {
      const { outcome, calls } = await register([['7/8', `https://before.example/v1/callbacks/main/${TOKEN}`]], 204, 201);
      expect([outcome, calls.map(([method, last]) => `${method} ${last}`)]).toEqual(['made', ['GET webhooks', 'DELETE 7%2F8', 'POST webhooks']]);
    });

    it('fail as errors without the address in them', async () => {
      const { provider: refused } = bench(harness, [webhooks.list([]), { status: 422, body: harness.answers.refusal(422, `Not ${URL_OF_OURS}`) }]);
      const failure = await failureOf(refused.registerCallbacks?.(URL_OF_OURS, isOurs, idle()) ?? Promise.resolve());
      expect(failure.message).not.toContain(TOKEN);
      const { provider: garbled } = bench(harness, [{ status: 200, body: '<html>' }]);
      expect((await failureOf(garbled.registerCallbacks?.(URL_OF_OURS, isOurs, idle()) ?? Promise.resolve())).kind).toBe('malformed_response');
    });
  });
}
