import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, eventsOf, jobOf, post, problemOf, sample, send, sendFile, until, upload, uploadJob } from '../e2e/support/rest.js';
import { play, setListening, startVendors } from '../e2e/support/vendors.js';

interface Breaker {
  readonly state: string;
  readonly since: string | null;
  readonly reason: string | null;
}

interface ProviderView {
  readonly id: string;
  readonly state: string;
  readonly breaker: Breaker;
  readonly operations: Readonly<Record<string, { readonly state: string; readonly breaker: Breaker }>>;
  readonly running: number;
  readonly latency: { readonly samples: number; readonly p50Ms: number; readonly p95Ms: number } | null;
  readonly transitions: readonly { readonly what: string; readonly operation: string | null; readonly from: string; readonly to: string; readonly reason: string }[];
}

let database: TestDatabase;
let vendors: Awaited<ReturnType<typeof startVendors>>;
let gateway: Gateway;

beforeAll(async () => {
  [database, vendors] = await Promise.all([testDatabase(), startVendors()]);
  gateway = await startGateway({ DATABASE_URL: database.url, ...vendors.environment, POLL_FLOOR_MS: '50', POLL_CEILING_MS: '200', BREAKER_OPEN_MS: '1500' });
});

afterAll(async () => {
  await gateway.stop();
  await vendors.stop();
  await database.drop();
});

const CLOSED: Breaker = { state: 'closed', since: null, reason: null };
const provider = async (id: string) => (await (await gateway.call(`/v1/providers/${id}`)).json()) as ProviderView;
const patch = (id: string, body: unknown) => gateway.call(`/v1/providers/${id}`, { method: 'PATCH', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const say = async (id: string, body: object) => {
  const answer = await patch(id, body);
  expect(answer.status).toBe(200);
  return (await answer.json()) as ProviderView;
};
const png = (more: object = {}) => uploadJob('photo.jpg', 'png', more);
const providersOf = (job: { readonly attempts: readonly { readonly provider: string }[] }) => job.attempts.map((attempt) => attempt.provider);
/** A job whose file is in. */
const file = (more: object = {}) => sendFile(gateway, png(more));
const metric = async (id: string) => new RegExp(`^conversion_breaker_state\\{provider="${id}"\\} (\\d)$`, 'm').exec(await (await fetch(`${gateway.url}/metrics`)).text())?.[1];

describe('GET /v1/providers', () => {
  it('shows every provider, with what is not known as null and nothing that is secret', async () => {
    const answer = await gateway.call('/v1/providers');
    expect(answer.status).toBe(200);
    const text = await answer.text();
    expect(text).not.toContain('sandbox-key');
    const { data, nextCursor } = JSON.parse(text) as { data: ProviderView[]; nextCursor: null };
    expect([data.map(({ id }) => id), nextCursor]).toEqual([['api2convert', 'runconvert'], null]);
    for (const view of data) {
      expect(view).toEqual({
        id: view.id, adapter: view.id, state: 'enabled', breaker: CLOSED, operations: expect.objectContaining({ convert: { state: 'enabled', breaker: CLOSED } }) as unknown,
        running: 0, limits: { maxConcurrent: null, learnedCeiling: null, pausedUntil: null, waiting: 0 }, latency: null, pricing: null, transitions: [],
      });
    }
    expect(data.map(({ operations }) => 'hash' in operations)).toEqual([true, false]);
    expect(await provider('runconvert')).toEqual(data[1]);
  });

  it('is for those with a key, and of providers that there are', async () => {
    for (const init of [{}, { method: 'PATCH', body: '{"state":"disabled"}', headers: { 'content-type': 'application/json' } }]) expect((await fetch(`${gateway.url}/v1/providers/runconvert`, init)).status).toBe(401);
    expect((await fetch(`${gateway.url}/v1/providers`)).status).toBe(401);
    for (const answer of [await gateway.call('/v1/providers/nobody'), await patch('nobody', { state: 'disabled' })]) expect(await problemOf(answer)).toMatchObject({ status: 404, code: 'not_found' });
  });

  it('tells how long attempts took, once some succeeded', async () => {
    expect(await ended(gateway, (await file({ routing: { only: ['runconvert'] } })).id)).toMatchObject({ status: 'completed' });
    const { latency } = await provider('runconvert');
    expect(latency?.samples).toBe(1);
    expect(latency?.p50Ms).toBeGreaterThan(0);
  });
});

describe('PATCH /v1/providers/{id}', () => {
  it.each([
    ['a state that there is not', { state: 'asleep' }, '/state'],
    ['no state', {}, '/state'],
    ['an operation that there is not', { state: 'disabled', operation: 'juggle' }, '/operation'],
    ['the word for all operations', { state: 'disabled', operation: '*' }, '/operation'],
    ['a field that there is not', { state: 'disabled', until: 'noon' }, '/until'],
  ])('refuses %s at its pointer, and changes nothing', async (_, body, pointer) => {
    const answer = await patch('runconvert', body);
    expect([answer.status, await answer.json()]).toEqual([422, expect.objectContaining({ code: 'invalid_request', errors: [expect.objectContaining({ pointer })] })]);
    expect(await provider('runconvert')).toMatchObject({ state: 'enabled', transitions: [] });
  });

  it('takes a vendor out with one call, and brings it back with another', async () => {
    const out = await say('api2convert', { state: 'disabled' });
    expect(out).toMatchObject({ state: 'disabled', breaker: CLOSED, transitions: [{ what: 'state', operation: null, from: 'enabled', to: 'disabled', reason: 'An operator said so.' }] });
    expect(providersOf(await ended(gateway, (await file()).id))).toEqual(['runconvert']);
    const refused = await problemOf(await post(gateway, png({ routing: { only: ['api2convert'] } })));
    expect(refused).toMatchObject({ status: 422, code: 'no_eligible_provider', detail: expect.stringContaining('"api2convert" is disabled by an operator.') as string });
    expect(await say('api2convert', { state: 'enabled' })).toMatchObject({ state: 'enabled', transitions: [{ from: 'disabled', to: 'enabled' }, { from: 'enabled', to: 'disabled' }] });
    // Said again, it is no news.
    expect((await say('api2convert', { state: 'enabled' })).transitions).toHaveLength(2);
    expect(providersOf(await ended(gateway, (await file()).id))).toEqual(['api2convert']);
  });

  it('takes one operation out, and nothing else', async () => {
    expect(await say('api2convert', { state: 'draining', operation: 'compress' })).toMatchObject({ state: 'enabled', operations: { compress: { state: 'draining' }, convert: { state: 'enabled' } }, transitions: [{ operation: 'compress', to: 'draining' }, {}, {}] });
    const compress = { inputs: [{ id: 'file', type: 'upload', filename: 'photo.jpg' }], steps: [{ operation: 'compress' }] };
    expect(providersOf(await ended(gateway, (await sendFile(gateway, compress)).id))).toEqual(['runconvert']);
    expect(providersOf(await ended(gateway, (await file()).id))).toEqual(['api2convert']);
    await say('api2convert', { state: 'enabled', operation: 'compress' });
  });

  it('drains: what runs there ends there, and what comes meanwhile goes elsewhere', async () => {
    await play(vendors, { name: 'hang', vendor: 'api2convert' });
    const held = await file({ routing: { deadlineSeconds: 12 } });
    await until('an attempt', async () => ((await jobOf(gateway, held.id)).attempts[0]?.status === 'running' ? true : null));
    expect(await say('api2convert', { state: 'draining' })).toMatchObject({ state: 'draining', running: 1 });
    expect(providersOf(await ended(gateway, (await file()).id))).toEqual(['runconvert']);
    expect(await jobOf(gateway, held.id)).toMatchObject({ status: 'processing', attempts: [{ provider: 'api2convert', status: 'running' }] });
    // It stands still, and what is left of it goes elsewhere too.
    expect(await ended(gateway, held.id)).toMatchObject({ status: 'completed', attempts: [{ provider: 'api2convert' }, { provider: 'runconvert', status: 'succeeded' }] });
    expect(await provider('api2convert')).toMatchObject({ running: 0 });
    await say('api2convert', { state: 'enabled' });
  });

  it('what was planned there is planned anew; what has nobody else waits until it is back', async () => {
    const [free, bound] = [await send(gateway, png()), await send(gateway, png({ routing: { only: ['api2convert'] } }))];
    await say('api2convert', { state: 'disabled' });
    for (const { id } of [free, bound]) await upload(gateway, id, 'file', await sample('lighthouse.jpg'));
    expect(providersOf(await ended(gateway, free.id))).toEqual(['runconvert']);
    expect((await eventsOf(gateway, free.id)).find(({ type }) => type === 'plan.changed')?.detail).toMatchObject({ from: 'api2convert', reason: 'state' });
    await until('the word that it waits', async () => (await eventsOf(gateway, bound.id)).find(({ type }) => type === 'stage.waiting') ?? null);
    await say('api2convert', { state: 'enabled' });
    expect(await ended(gateway, bound.id)).toMatchObject({ status: 'completed' });
  });
});

describe('the breaker', () => {
  it('opens on a vendor that is gone, keeps jobs from it, lets one through after a while, and closes once it is back', async () => {
    expect(await metric('api2convert')).toBe('0');
    await setListening(vendors, 'api2convert', false);
    // Each is tried there twice at the most, and completed by the other one: nobody fails for it.
    for (let batch = 0; batch < 4 && (await provider('api2convert')).breaker.state === 'closed'; batch += 1) {
      const jobs = await Promise.all(Array.from({ length: 8 }, () => file()));
      for (const { id } of jobs) expect(await ended(gateway, id)).toMatchObject({ status: 'completed' });
    }
    const open = await until('an open breaker', async () => provider('api2convert').then((view) => (view.breaker.state === 'closed' ? null : view)));
    expect(open.breaker.since).toMatch(/^\d{4}-/);
    expect(open.transitions.find(({ to, operation }) => to === 'open' && operation === null)).toMatchObject({ what: 'breaker', from: 'closed', reason: expect.stringMatching(/^\d+ of the last \d+ attempts failed .* "unavailable"\./) as string });
    expect(open.operations['convert']?.breaker.state).not.toBe('closed');
    expect((await provider('runconvert')).breaker).toMatchObject({ state: 'closed' });
    expect(['1', '2']).toContain(await metric('api2convert'));
    // Who allows nobody else is not refused.
    const bound = await file({ routing: { only: ['api2convert'], maxAttempts: 20 } });
    expect(bound.status).toBe('queued');
    await setListening(vendors, 'api2convert', true);
    expect(await ended(gateway, bound.id)).toMatchObject({ status: 'completed' });
    const closed = await until('a closed breaker', async () => {
      await ended(gateway, (await file()).id);
      const view = await provider('api2convert');
      return view.breaker.state === 'closed' && view.operations['convert']?.breaker.state === 'closed' ? view : null;
    }, 40_000);
    expect(closed.breaker.reason).toBe('The attempt that was let through succeeded.');
    expect(closed.transitions.map(({ what, to }) => `${what} ${to}`)).toEqual(expect.arrayContaining(['breaker half_open', 'breaker closed']));
    await until('the metric', async () => ((await metric('api2convert')) === '0' ? true : null));
    expect(providersOf(await ended(gateway, (await file()).id))).toEqual(['api2convert']);
  }, 90_000);
});
