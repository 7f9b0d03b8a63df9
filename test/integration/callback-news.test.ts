import { PollPace } from '../../src/execution/poll-pace.js';
import { Poller } from '../../src/execution/poller.js';
import { StageResults } from '../../src/execution/stage-results.js';
import type { Lease } from '../../src/execution/stage-store.js';
import type { ResultKeeper } from '../../src/files/result-keeper.js';
import { PublicAddress } from '../../src/http/public-address.js';
import type { Env } from '../../src/platform/env.js';
import { Metrics } from '../../src/platform/metrics.js';
import { CallbackService } from '../../src/webhooks/callback.service.js';
import { CallbackSilence } from '../../src/webhooks/callback-silence.js';
import { CallbackStore } from '../../src/webhooks/callback-store.js';
import { CallbackTokens } from '../../src/webhooks/callback-tokens.js';
import { engineRoom, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

const vendor = new FakeProvider('one', ['convert']);
const env = { raw: { POLL_FLOOR_MS: 600_000, POLL_CEILING_MS: 600_000 }, servesApi: true } as Env;
let room: EngineRoom;
let store: CallbackStore;
let callbacks: CallbackService;
let poller: Poller;
let token: string;

beforeAll(async () => {
  room = await engineRoom([vendor]);
  store = new CallbackStore(room.database, room.stages);
  const tokens = new CallbackTokens(room.database);
  token = await tokens.of('one');
  callbacks = new CallbackService(store, room.registry, tokens, () => undefined);
  poller = new Poller(room.attempts, room.settle, new StageResults(room.database, room.stages, undefined as unknown as ResultKeeper, room.staging), new PollPace(env), room.ends);
});

beforeEach(async () => {
  vendor.asked = 0;
  await room.empty();
});

afterAll(() => room.close());

/** A job whose attempt runs and is not due for a long time. */
async function waiting() {
  const job = await room.accept({ routing: { maxAttempts: 1 } });
  const [lease] = await room.claim();
  const { attempt } = await room.running(lease as Lease);
  await room.stages.release(lease as Lease, 600_000);
  return { job, attempt };
}

type Running = Awaited<ReturnType<typeof waiting>>;

const say = ({ attempt }: Running, word: string, signature: string | undefined = 'genuine', job = attempt.providerJobId) =>
  callbacks.receive('one', attempt.reference, { headers: { signature }, body: Buffer.from(`{"job":"${job}","said":"${word}"}`) });

/** What a worker makes of it, if it is due. */
async function work(): Promise<void> {
  const provider = room.registry.find('one');
  for (const lease of await room.claim()) {
    const scene = await room.scenes.load(lease);
    if (scene?.attempt == null || provider === null) throw new Error('there is nothing to look at');
    await poller.poll(scene, scene.attempt, provider, new AbortController().signal);
  }
}

const attemptOf = async ({ job }: Running) => (await room.find(job.id)).attempts[0];
const causesOf = async ({ job }: Running, type: string) => (await room.test.query<{ cause: string }>('SELECT cause FROM event WHERE job_id = $1 AND type = $2', [job.id, type])).map(({ cause }) => cause);

describe('what a proven body says', () => {
  it('ends the attempt, and nobody is asked', async () => {
    const one = await waiting();
    await say(one, 'canceled');
    await work();
    expect([vendor.asked, (await attemptOf(one))?.status, await causesOf(one, 'attempt.errored')]).toEqual([0, 'errored', ['callback']]);
  });

  it('of an end counts, though older news came after it', async () => {
    const one = await waiting();
    await say(one, 'canceled');
    await say(one, 'busy');
    await work();
    expect([vendor.asked, (await attemptOf(one))?.status]).toEqual([0, 'errored']);
  });

  it.each<[string, (one: Running) => Promise<void>]>([
    ['that it still runs', (one) => say(one, 'busy')],
    ['too little', (one) => say(one, 'something')],
    ['nothing that was signed', (one) => say(one, 'canceled', '')],
  ])('if it says %s, the vendor is asked', async (_name, tell) => {
    const one = await waiting();
    await tell(one);
    await work();
    expect([vendor.asked, (await attemptOf(one))?.status]).toEqual([1, 'running']);
  });

  it('is used once: a worker that died over it leaves the next one to ask', async () => {
    const one = await waiting();
    await say(one, 'canceled');
    const [lease] = await room.claim();
    const scene = await room.scenes.load(lease as Lease);
    expect((await room.attempts.news(scene as never, one.attempt)).proven).toHaveLength(1);
    await room.test.query(`UPDATE stage SET lease_until = now() - interval '1 second'`);
    await work();
    expect([vendor.asked, (await attemptOf(one))?.status]).toEqual([1, 'running']);
  });

  it('is not given to a worker that has lost its lease', async () => {
    const one = await waiting();
    await say(one, 'canceled');
    const [lease] = await room.claim();
    const scene = await room.scenes.load(lease as Lease);
    await room.test.query('UPDATE stage SET lease_epoch = lease_epoch + 1');
    expect(await room.attempts.news(scene as never, one.attempt)).toEqual({ cause: 'poll', proven: [] });
  });
});

describe('a replay', () => {
  const first = async () => (await store.list({ provider: 'one', outcome: undefined, attempt: undefined, before: undefined, limit: 1 }))[0]?.id ?? '';

  it('of a hint has the vendor asked, never the body believed', async () => {
    const one = await waiting();
    await say(one, 'canceled', '');
    await work();
    expect((await store.replay('one', await first()))?.effect).toBe('woken');
    await work();
    expect([vendor.asked, (await attemptOf(one))?.status]).toEqual([2, 'running']);
  });

  it('of a proven one goes by its body, in the operator\'s name', async () => {
    const one = await waiting();
    await say(one, 'canceled');
    await room.test.query('UPDATE callback SET read_at = now()');
    await work();
    expect([vendor.asked, (await attemptOf(one))?.status]).toEqual([1, 'running']);
    expect((await store.replay('one', await first()))?.effect).toBe('woken');
    await work();
    expect([vendor.asked, (await attemptOf(one))?.status, await causesOf(one, 'attempt.errored')]).toEqual([1, 'errored', ['operator']]);
    expect((await store.replay('one', await first()))?.effect).toBe('late');
    expect(await room.claim()).toEqual([]);
  });

  it('of an unknown job looks for it again', async () => {
    await callbacks.receive('one', token, { headers: {}, body: Buffer.from('{"job":"theirs-later"}') });
    expect((await store.replay('one', await first()))?.effect).toBe('unknown_job');
    const one = await waiting();
    await room.test.query(`UPDATE attempt SET provider_job_id = 'theirs-later'`);
    expect(await store.replay('one', await first())).toMatchObject({ effect: 'woken', row: { attempt_id: one.attempt.id, outcome: 'hint' } });
    expect(await room.claim()).toHaveLength(1);
  });
});

it('an unknown job whose create is answered meanwhile: whoever comes second sees the other', async () => {
  for (let round = 0; round < 40; round += 1) {
    await room.empty();
    const job = await room.accept({});
    const [lease] = await room.claim();
    const scene = await room.scenes.load(lease as Lease);
    if (scene === null) throw new Error('the lease is lost');
    const begun = await room.attempts.begin(scene, { id: job.id, reference: `reference-of-round-${round}-0123456789` }, null);
    const body = Buffer.from(`{"job":"raced-${round}"}`);
    const answered = room.attempts.created(scene, begun?.id ?? '', `raced-${round}`).then(() => room.attempts.running(scene, begun?.id ?? '', `raced-${round}`, 60_000));
    await Promise.all([answered, callbacks.receive('one', token, { headers: {}, body })]);
    expect(await room.test.query('SELECT outcome, attempt_id FROM callback')).toEqual([{ outcome: 'hint', attempt_id: begun?.id }]);
    expect(await room.test.query('SELECT due_at <= now() AS due FROM stage')).toEqual([{ due: true }]);
  }
});

describe('callbacks that stay away', () => {
  const metrics = new Metrics();
  const gauge = async () => /conversion_callbacks_silent\{provider="one"\} (\d)/.exec(await metrics.text())?.[1];
  const address = new PublicAddress(env);

  /** Jobs that succeeded two minutes ago, without a word. */
  async function succeeded(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1) await waiting();
    await room.test.query(`UPDATE attempt SET status = 'succeeded', started_at = now() - interval '3 minutes', ended_at = now() - interval '2 minutes'`);
  }

  it('are missed once three jobs have ended without any, and no longer when one comes', async () => {
    const silence = new CallbackSilence(room.database, room.registry, address, metrics);
    await silence.look(3600);
    // Nobody can call an address that is not there.
    expect(await gauge()).toBeUndefined();
    address.listens('http://127.0.0.1:3000');
    await succeeded(2);
    await silence.look(3600);
    expect(await gauge()).toBe('0');
    await succeeded(1);
    await silence.look(3600);
    expect(await gauge()).toBe('1');
    // By jobs that began before this process did nothing is judged.
    await silence.look(60);
    expect(await gauge()).toBe('0');
    await silence.look(3600);
    expect(await gauge()).toBe('1');
    await callbacks.receive('one', token, { headers: {}, body: Buffer.from('{}') });
    await silence.look(3600);
    expect(await gauge()).toBe('0');
  });
});
