import { ProviderError, type ErrorKind } from '../../src/conversion/errors.js';
import type { Lease } from '../../src/execution/stage-store.js';
import { Metrics } from '../../src/platform/metrics.js';
import { MOST_CODES, UnmappedErrors } from '../../src/routing/unmapped-errors.js';
import { engineRoom, until, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

let room: EngineRoom;
beforeAll(async () => void (room = await engineRoom([new FakeProvider('first', ['convert']), new FakeProvider('second', ['convert'])])));
beforeEach(async () => {
  await room.empty();
  await room.test.query('TRUNCATE unmapped_error');
});
afterAll(() => room.close());

const EXAMPLE = { provider: 'first', jobId: '01900000-0000-7000-8000-000000000001', attemptId: '01900000-0000-7000-8000-000000000002' };
const told = (code: string | null, kind: ErrorKind = 'unmapped', message = 'Odd.') => new ProviderError(kind, message, { code });
const rows = async () => (await room.test.query<{ count: number }>('SELECT count(*)::int AS count FROM unmapped_error'))[0]?.count;

/** A job whose attempt ends with an error, as the engine ends it. */
async function fails(error: ProviderError) {
  const job = await room.accept({});
  const { scene, attempt } = await room.running((await room.claim())[0] as Lease);
  await room.settle.errored(scene, attempt, error, { credits: null }, 'poll');
  return { jobId: job.id, attemptId: attempt.id };
}

it('an attempt that ends with what nobody understands is an example of it, and the next one of the same is counted', async () => {
  const one = await fails(told('4711', 'unmapped', 'First words.'));
  await until(async () => (await rows()) === 1);
  expect(await room.unmapped.of('first')).toEqual([{ code: '4711', kind: 'unmapped', count: 1, message: 'First words.', ...one, firstAt: expect.any(Date) as Date, lastAt: expect.any(Date) as Date }]);
  await room.empty();
  const two = await fails(told('4711', 'unmapped', 'Other words.'));
  await until(async () => (await room.unmapped.of('first'))[0]?.count === 2);
  const [known] = await room.unmapped.of('first');
  expect(known).toMatchObject({ message: 'Other words.', ...two });
  expect(known?.lastAt.getTime()).toBeGreaterThan(known?.firstAt.getTime() ?? 0);
  expect(await room.unmapped.of('second')).toEqual([]);
});

it('one that cannot be read counts too; one that is understood costs no statement, nor does a fault of our own', async () => {
  const statements: string[] = [];
  const query = ({ text }: { text: string }, values: readonly unknown[]) => {
    statements.push(text);
    return room.database.query(text, values);
  };
  const unmapped = new UnmappedErrors({ query } as never, new Metrics());
  for (const kind of ['unavailable', 'conversion_failed', 'unauthorized'] as const) await unmapped.note(EXAMPLE, told('x', kind));
  await unmapped.note(EXAMPLE, told('internal'));
  expect(statements).toEqual([]);
  await unmapped.note(EXAMPLE, told(null, 'malformed_response'));
  expect(statements).toHaveLength(1);
  expect(await room.unmapped.of('first')).toMatchObject([{ code: null, kind: 'malformed_response', count: 1 }]);
});

it('a vendor that makes up a code each time keeps its latest ones, and takes no other provider\'s place', async () => {
  await room.unmapped.note({ ...EXAMPLE, provider: 'second' }, told('of the other'));
  for (let code = 0; code < MOST_CODES + 5; code += 1) await room.unmapped.note(EXAMPLE, told(`made-up-${code}`));
  const codes = (await room.unmapped.of('first')).map(({ code }) => code);
  expect([codes.length, await rows()]).toEqual([MOST_CODES, MOST_CODES + 1]);
  expect(codes).toContain(`made-up-${MOST_CODES + 4}`);
  expect(codes).not.toContain('made-up-0');
  await room.unmapped.note(EXAMPLE, told('x'.repeat(5000), 'unmapped', `${'y'.repeat(5000)}\ud800`));
  expect((await room.unmapped.of('first'))[0]?.code).toHaveLength(200);
});

it('what was not met for long is forgotten, and a database that is away is no matter', async () => {
  await room.unmapped.note(EXAMPLE, told('old'));
  await room.test.query(`UPDATE unmapped_error SET last_at = now() - interval '91 days'`);
  await room.unmapped.note(EXAMPLE, told('new'));
  expect(await room.unmapped.forget(90, 10)).toBe(1);
  expect((await room.unmapped.of('first')).map(({ code }) => code)).toEqual(['new']);
  const away = { query: () => Promise.reject(new Error('away')) };
  await expect(new UnmappedErrors(away as never, new Metrics()).note(EXAMPLE, told('lost'))).resolves.toBeUndefined();
});
