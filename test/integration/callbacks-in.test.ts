import type { Lease } from '../../src/execution/stage-store.js';
import { CallbackService } from '../../src/webhooks/callback.service.js';
import { CallbackTokens } from '../../src/webhooks/callback-tokens.js';
import { engineRoom, TENANT, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;
let callbacks: CallbackService;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])]);
  callbacks = new CallbackService(room.database, room.stages, room.registry, new CallbackTokens(room.database));
});

beforeEach(() => room.empty());

afterAll(() => room.close());

const said = (body: string) => ({ headers: {}, body: Buffer.from(body) });
const stored = () => room.test.query<{ outcome: string }>('SELECT outcome FROM callback ORDER BY id');

/** A job whose attempt runs and is not due for a long time. */
async function waiting() {
  const job = await room.accept({});
  const [lease] = await room.claim();
  const { attempt } = await room.running(lease as Lease);
  await room.stages.release(lease as Lease, 600_000);
  return { job, attempt, lease: lease as Lease };
}

it('makes its attempt due at once', async () => {
  const { attempt, lease } = await waiting();
  expect(await room.claim()).toEqual([]);
  await callbacks.receive('one', attempt.reference, said('{"status":"done"}'));
  expect(await room.claim()).toMatchObject([{ stageId: lease.stageId, hinted: true }]);
  expect(await stored()).toEqual([{ outcome: 'hint' }]);
});

it('told a hundred times at once it is heard once, and every time taken', async () => {
  const { attempt } = await waiting();
  const answers = await Promise.allSettled(Array.from({ length: 100 }, () => callbacks.receive('one', attempt.reference, said('{"status":"done"}'))));
  expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(await stored()).toHaveLength(1);
  const [lease] = await room.claim();
  await room.stages.release(lease as Lease, 600_000);
  await callbacks.receive('one', attempt.reference, said('{"status":"done"}'));
  expect(await room.claim()).toEqual([]);
  // A control: other news wake it again.
  await callbacks.receive('one', attempt.reference, said('{"status":"more"}'));
  expect(await room.claim()).toHaveLength(1);
});

it('the same words about two jobs are two pieces of news', async () => {
  const [one, other] = [await waiting(), await waiting()];
  await callbacks.receive('one', one.attempt.reference, said('{}'));
  await callbacks.receive('one', other.attempt.reference, said('{}'));
  expect(await room.claim()).toHaveLength(2);
});

it('comes too late for a job that has ended: kept, and nothing else', async () => {
  const { job, attempt } = await waiting();
  await room.cancels.cancel(TENANT, job.id);
  const before = await room.events(job.id);
  await callbacks.receive('one', attempt.reference, said('{"status":"done"}'));
  expect(await stored()).toEqual([{ outcome: 'late' }]);
  expect(await room.claim()).toEqual([]);
  expect([(await room.find(job.id)).status, await room.events(job.id)]).toEqual(['canceled', before]);
});

it.each<[string, (reference: string) => [string, string]]>([
  ['a token of nobody', () => ['one', 'a'.repeat(36)]],
  ['a token that is none', () => ['one', `'; DROP TABLE job; --`]],
  ['a right token at another provider', (reference) => ['two', reference]],
  ['a token in another case', (reference) => ['one', reference.toUpperCase()]],
  ['a part of a token', (reference) => ['one', reference.slice(0, 30)]],
])('%s is not found, and writes nothing', async (_, address) => {
  const { attempt } = await waiting();
  await expect(callbacks.receive(...address(attempt.reference), said('{}'))).rejects.toMatchObject({ code: 'not_found', status: 404 });
  expect(await stored()).toEqual([]);
  expect(await room.claim()).toEqual([]);
});

it('a body that is no text is taken as well', async () => {
  const { attempt } = await waiting();
  await callbacks.receive('one', attempt.reference, { headers: {}, body: Buffer.from([0, 255, 254, 0xed, 0xa0, 0x80]) });
  await callbacks.receive('one', attempt.reference, said('x'.repeat(2_000_000)));
  expect(await stored()).toHaveLength(2);
});
