import { jest } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import type { Lease } from '../../src/execution/stage-store.js';
import { CallbackService } from '../../src/webhooks/callback.service.js';
import { CallbackStore } from '../../src/webhooks/callback-store.js';
import { CallbackTokens } from '../../src/webhooks/callback-tokens.js';
import { engineRoom, TENANT, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;
let tokens: CallbackTokens;
let callbacks: CallbackService;
let counted: string[];

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert'])]);
  tokens = new CallbackTokens(room.database);
  callbacks = new CallbackService(new CallbackStore(room.database, room.stages), room.registry, tokens, (provider, outcome) => counted.push(`${provider} ${outcome}`));
});

beforeEach(async () => {
  counted = [];
  await room.empty();
});

afterAll(() => room.close());

const said = (body: string) => ({ headers: {}, body: Buffer.from(body) });
const signed = (body: string, signature = 'genuine') => ({ headers: { signature }, body: Buffer.from(body) });
const stored = () => room.test.query<{ outcome: string }>('SELECT outcome FROM callback ORDER BY id');

/** A job whose attempt runs and is not due for a long time. */
async function waiting() {
  const job = await room.accept({});
  const [lease] = await room.claim();
  const { attempt } = await room.running(lease as Lease);
  await room.stages.release(lease as Lease, 600_000);
  return { job, attempt, lease: lease as Lease };
}

async function expectSoon<T>(look: () => Promise<T>, wanted: T): Promise<void> {
  for (let tries = 0; tries < 100 && JSON.stringify(await look()) !== JSON.stringify(wanted); tries += 1) await pause(50);
  expect(await look()).toEqual(wanted);
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
  expect([counted.filter((word) => word === 'one hint').length, counted.filter((word) => word === 'one duplicate').length]).toEqual([1, 99]);
  const [lease] = await room.claim();
  await room.stages.release(lease as Lease, 600_000);
  await callbacks.receive('one', attempt.reference, said('{"status":"done"}'));
  expect(await room.claim()).toEqual([]);
  // A control: other news wake it again.
  await callbacks.receive('one', attempt.reference, said('{"status":"more"}'));
  expect(await room.claim()).toHaveLength(1);
});

it('what was begun is ended before more is begun: its stage is older than those that came meanwhile', async () => {
  const { attempt, lease } = await waiting();
  const other = await waiting();
  await room.accept({});
  await room.stages.wake(room.database, other.lease.stageId);
  const [held] = await room.claim(1);
  await callbacks.receive('one', attempt.reference, said('{"status":"done"}'));
  const first = await room.claim(1);
  // A control: what is woken for no attempt's sake has to wait its turn.
  expect([held?.stageId === lease.stageId, held?.stageId === other.lease.stageId, first]).toMatchObject([false, false, [{ stageId: lease.stageId, hinted: true }]]);
});

it('and so is one whose callback comes while it is worked on', async () => {
  const { attempt, lease } = await waiting();
  await room.stages.wake(room.database, lease.stageId);
  const [held] = await room.claim(1);
  await room.accept({});
  await callbacks.receive('one', attempt.reference, said('{"status":"done"}'));
  await room.stages.release(held as Lease, 600_000);
  expect(await room.claim(1)).toMatchObject([{ stageId: lease.stageId, hinted: true }]);
});

it('of many jobs at once they are kept together, and all are woken', async () => {
  const jobs = [];
  for (let index = 0; index < 20; index += 1) jobs.push(await waiting());
  const statements = jest.spyOn(room.database, 'query');
  await Promise.all(jobs.map(({ attempt }) => callbacks.receive('one', attempt.reference, said('{"status":"done"}'))));
  const count = statements.mock.calls.length;
  statements.mockRestore();
  expect(count).toBeLessThan(20);
  expect(counted).toEqual(jobs.map(() => 'one hint'));
  expect(await room.claim()).toHaveLength(20);
});

it('one whose stage is being written at this moment holds up no other, and is woken all the same', async () => {
  const jobs = [await waiting(), await waiting(), await waiting()];
  const [busy, ...others] = jobs.map(({ attempt, lease }) => ({ reference: attempt.reference, stage: lease.stageId }));
  const due = async () => (await room.test.query<{ id: string }>('SELECT id FROM stage WHERE hinted')).map(({ id }) => id).sort();
  let told: Promise<unknown> = Promise.resolve();
  await room.database.transaction(async (sql) => {
    await sql.query('SELECT 1 FROM stage WHERE id = $1 FOR UPDATE', [busy?.stage]);
    told = Promise.all([busy, ...others].map((one) => callbacks.receive('one', one?.reference ?? '', said('{"status":"done"}'))));
    await expectSoon(due, others.map(({ stage }) => stage).sort());
  });
  await told;
  expect(await due()).toEqual([busy, ...others].map((one) => one?.stage).sort());
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

describe('what is kept', () => {
  const kept = () => room.test.query<{ outcome: string; body: string; provider_job_id: string | null }>('SELECT outcome, body, provider_job_id FROM callback ORDER BY id');

  it('of a signed body: all of it, for it speaks', async () => {
    const { attempt } = await waiting();
    const body = `{"job":"${attempt.providerJobId}","said":"canceled"}`;
    await callbacks.receive('one', attempt.reference, signed(body));
    expect(await kept()).toEqual([{ outcome: 'proven', body, provider_job_id: attempt.providerJobId }]);
  });

  it('of a job with credentials: its shape, and the signature makes it no more than a hint', async () => {
    const job = await room.accept({
      inputs: [{ id: 'photo', type: 's3', bucket: 'b', region: 'eu-west-1', key: 'k.jpg', credentials: { accessKeyId: 'AKIA-CANARY', secretAccessKey: 'secret-canary' } }] as never,
    });
    const [lease] = await room.claim();
    const { attempt } = await room.running(lease as Lease);
    const body = `{"job":"${attempt.providerJobId}","status":"canceled","input":[{"secret":"secret-canary"}]}`;
    await callbacks.receive('one', attempt.reference, signed(body));
    expect(await kept()).toMatchObject([{ outcome: 'hint', body: expect.not.stringContaining('canary') as string }]);
    expect(job.status).toBe('queued');
  });

  it('of a body that is too long to keep: its beginning, and it is a hint', async () => {
    const { attempt } = await waiting();
    await callbacks.receive('one', attempt.reference, signed(`{"job":"${attempt.providerJobId}","said":"canceled","more":"${'x'.repeat(70_000)}"}`));
    const [row] = await kept();
    expect([row?.outcome, row?.body.length]).toEqual(['hint', 65_536]);
  });

  it('of a job or a shape that nobody knows, behind the account\'s word: its shape', async () => {
    const token = await tokens.of('one');
    await callbacks.receive('one', token, signed('{"job":"nobody-s","input":"secret-canary"}'));
    await callbacks.receive('one', token, said('{"event":"party.started","who":"secret-canary"}'));
    await callbacks.receive('one', token, said(`{"job":"${'x'.repeat(5000)}"}`));
    expect(await kept()).toEqual([
      { outcome: 'unknown_job', body: '{"job":"[text of 8]","input":"[text of 13]"}', provider_job_id: 'nobody-s' },
      { outcome: 'unknown_shape', body: '{"event":"party.started","who":"[text of 13]"}', provider_job_id: null },
      { outcome: 'unknown_shape', body: '{"job":"[text of 5000]"}', provider_job_id: null },
    ]);
    expect(counted).toEqual(['one unknown_job', 'one unknown_shape', 'one unknown_shape']);
  });

  it('of another job, behind the token of this one: its shape, and nobody is woken', async () => {
    const { attempt } = await waiting();
    await callbacks.receive('one', attempt.reference, signed('{"job":"another","said":"canceled"}'));
    expect(await kept()).toMatchObject([{ outcome: 'other_job', body: '{"job":"[text of 7]","said":"[text of 8]"}' }]);
    expect(await room.claim()).toEqual([]);
  });
});

describe('a flood of forgeries', () => {
  const asked = async (work: () => Promise<unknown>): Promise<string[]> => {
    const texts: string[] = [];
    const query = jest.spyOn(room.database, 'query').mockImplementation(((statement: string | { text: string }, values: unknown[]) => {
      texts.push(typeof statement === 'string' ? statement : statement.text);
      return room.database.pool.query<object>({ ...(typeof statement === 'string' ? { text: statement } : statement), values }).then((answer) => answer.rows);
    }) as never);
    try {
      await work();
    } finally {
      query.mockRestore();
    }
    return texts;
  };

  it('of tokens: each costs one look at an index at most, one in no shape or in that of an account\'s, which is known, costs none, and nothing is written', async () => {
    await waiting();
    await tokens.of('one');
    const wrong = ['a'.repeat(32), 'a'.repeat(43), 'a'.repeat(36)];
    for (const token of wrong) {
      const texts = await asked(() => expect(callbacks.receive('one', token, said('{}'))).rejects.toMatchObject({ status: 404 }));
      expect(texts).toEqual(token.length === 43 ? [] : [expect.stringMatching(/^\s*SELECT/)]);
    }
    for (const [provider, token] of [['one', 'short'], ['one', 'a'.repeat(65)], ['one', '\0'.repeat(32)], ['\0', 'a'.repeat(32)], ['x'.repeat(65), 'a'.repeat(43)]] as const) {
      expect(await asked(() => expect(callbacks.receive(provider, token, said('{}'))).rejects.toMatchObject({ status: 404 }))).toEqual([]);
    }
    expect(await stored()).toEqual([]);
    expect(new Set(counted)).toEqual(new Set(['one wrong_token', '\0 wrong_token', `${'x'.repeat(65)} wrong_token`]));
  });

  it('of signatures: nothing is written, and nobody is woken', async () => {
    const { attempt } = await waiting();
    const body = `{"job":"${attempt.providerJobId}","said":"canceled"}`;
    const texts = await asked(() => Promise.all(Array.from({ length: 200 }, () => expect(callbacks.receive('one', attempt.reference, signed(body, 'forged'))).rejects.toMatchObject({ status: 401 }))));
    // Those that come together are looked up together.
    expect([texts.length < 20, texts.filter((text) => !/^\s*SELECT/.test(text))]).toEqual([true, []]);
    expect([await stored(), await room.claim()]).toEqual([[], []]);
    // A control: the same body, signed.
    await callbacks.receive('one', attempt.reference, signed(body));
    expect([await stored(), (await room.claim()).length]).toEqual([[{ outcome: 'proven' }], 1]);
  });
});
