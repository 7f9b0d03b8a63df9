import { IdempotencyStore, type Answer } from '../../../src/jobs/idempotency-store.js';
import { IdempotencyService, type KeyedWork } from '../../../src/jobs/idempotency.service.js';
import type { WholeJob } from '../../../src/jobs/rows.js';
import { TENANT } from '../../support/engine-room.js';
import { historyRoom, type HistoryRoom } from './support.js';

let room: HistoryRoom;

beforeAll(async () => void (room = await historyRoom()));
beforeEach(() => room.empty());
afterAll(() => room.close());

const keyed = (): Promise<Answer> => new IdempotencyService(new IdempotencyStore(room.database)).once({ tenant: TENANT, key: 'edge', fingerprint: 'ab' }, WORK);
const answer = ({ id }: WholeJob): Answer => ({ jobId: id, status: 202, headers: {}, body: { id } });
const WORK: KeyedWork = {
  first: async (claim) => answer(await room.accepts.accept(TENANT, { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] }, claim)),
  resume: async (jobId) => answer(await room.find(jobId)),
  atOnce: answer,
};
/** The whole story, as if it had begun so long ago: the job ended in the moment of its creation, which is the worst case. */
const later = async (seconds: number) => {
  await room.test.query('UPDATE idempotency_key SET expires_at = expires_at - make_interval(secs => $1)', [seconds]);
  await room.test.query(`UPDATE job SET created_at = created_at - make_interval(secs => $1), ended_at = created_at - make_interval(secs => $1), status = 'completed'`, [seconds]);
  await room.sweep(room.historyOf(1));
};

it('with HISTORY_DAYS=1: while a key answers its job is there', async () => {
  const { jobId } = await keyed();
  await later(86_400 - 20);
  expect(await keyed()).toMatchObject({ jobId, headers: { 'idempotency-replayed': 'true' } });
  expect(await room.left()).toEqual([jobId]);
});

it('with HISTORY_DAYS=1: once the job is gone the key has ended as well, swept or not: a repeat makes a new job', async () => {
  const { jobId } = await keyed();
  await later(86_401);
  expect(await room.left()).toEqual([]);
  expect(await room.count('idempotency_key')).toBe(1);
  const again = await keyed();
  expect(again.jobId).not.toBe(jobId);
  expect(await room.left()).toEqual([again.jobId]);
  expect(await room.count('idempotency_key')).toBe(1);
});
