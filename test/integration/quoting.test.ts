import { indexOf } from '../../src/conversion/catalogue-index.js';
import { ProviderError } from '../../src/conversion/errors.js';
import type { JobBody } from '../../src/conversion/job-body.js';
import type { Problem } from '../../src/http/problem.js';
import type { Decision } from '../../src/routing/decision-record.js';
import { LearnedPrices, recordWork } from '../../src/routing/learned-prices.js';
import type { Lease } from '../../src/execution/stage-store.js';
import { engineRoom, keptFile, TENANT, until, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';
import { workers } from '../support/interleavings/workers.js';

let room: EngineRoom;
let prices: LearnedPrices;

beforeAll(async () => {
  const providers = [new FakeProvider('one', ['convert', 'compress']), new FakeProvider('two', ['convert']), new FakeProvider('dark', ['ocr'])];
  room = await engineRoom(providers, { pricing: { currency: 'USD', perCredit: '0.01', credits: [{ operation: 'compress', credits: 3 }] } });
});
beforeEach(async () => {
  await room.empty();
  await room.test.query('TRUNCATE quote, price_observation');
  prices = new LearnedPrices(room.database, room.views);
  await prices.refresh();
  charge('one', 4);
  charge('two', 2);
});
afterAll(() => room.close());

/** A vendor whose catalogue says what a conversion costs there. */
const charge = (provider: string, credits: number | null): void =>
  room.views.put(provider, { live: indexOf({ entries: [{ operation: 'convert', name: 'convert', from: null, to: 'png', options: null, credits }], covers: [] }) });

const BODY: JobBody = { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };
const quote = (body: Partial<JobBody> = {}, tenant = TENANT) => room.quotes.quote(tenant, { ...BODY, ...body });
const decisionOf = async (id: string) => (await room.decisions.last(id)) as Decision & { decidedAt: Date };
const keeping = (quoteId: string, more: Partial<JobBody> = {}) => room.accept({ ...BODY, ...more, routing: { ...more.routing, quoteId } });
const refusal = async (work: Promise<unknown>) => (await work.then(() => null, (error: Problem) => error))?.more.errors ?? [];

describe('a quote', () => {
  it('runs nothing, and a job of the same is decided the same', async () => {
    const { id: _id, expiresAt, ...told } = await quote();
    expect(told).toMatchObject({ winner: 'two', summary: 'two: 0.020 USD against 0.040 at one; not dark, dark has no convert.', quotes: [{ provider: 'one', basis: 'vendor' }, { provider: 'two', basis: 'vendor' }, { provider: 'dark', eligible: false }] });
    expect(new Date(expiresAt).getTime() - Date.now()).toBeGreaterThan(800_000);
    expect(await room.test.query('SELECT 1 FROM job')).toEqual([]);
    const { decidedAt, strategy, ...decision } = await decisionOf((await room.accept(BODY)).id);
    expect([strategy, decidedAt]).toEqual(['cheapest', expect.any(Date)]);
    expect(decision).toEqual(told);
  });

  it('tells of what nobody can run as well: without a winner, with the reasons', async () => {
    expect(await quote({ steps: [{ operation: 'watermark', text: 'x' }] })).toMatchObject({ winner: null, plan: [], quotes: [{ reasons: [{ code: 'capability' }] }, {}, {}] });
  });

  it('of a body that is wrong is refused as a job of it', async () => {
    expect(await refusal(quote({ routing: { only: ['one'], exclude: ['one'] } }))).toMatchObject([{ pointer: '/routing/only/0', message: expect.stringContaining('take it out of one of them') as string }]);
    expect(await refusal(quote({ routing: { only: ['nobody'] } }))).toMatchObject([{ pointer: '/routing/only/0', message: expect.stringContaining('configured are one, two, dark') as string }]);
    expect(await refusal(quote({ routing: { quoteId: '01900000-0000-7000-8000-000000000000' } }))).toMatchObject([{ pointer: '/routing/quoteId' }]);
  });
});

describe('a job that names a quote', () => {
  it('keeps to its providers, although another is cheaper by now', async () => {
    const { id } = await quote();
    charge('one', 1);
    const job = await keeping(id);
    expect(job.graph.routing.quoteId).toBe(id);
    expect(await decisionOf(job.id)).toMatchObject({ winner: 'two', quotes: [{ provider: 'one', eligible: false, reasons: [{ code: 'not_quoted' }] }, {}, {}] });
    // The control: without it the cheaper one is taken.
    expect(await decisionOf((await room.accept(BODY)).id)).toMatchObject({ winner: 'one' });
  });

  it('keeps to a split, step by step', async () => {
    const steps = [{ id: 'small', operation: 'compress' }, { id: 'png', operation: 'convert', to: 'png' }];
    const { id, winner, plan } = await quote({ steps });
    expect([winner, plan.map(({ provider, cost }) => [provider, cost.amount])]).toEqual(['split', [['one', '0.0300'], ['two', '0.0200']]]);
    charge('one', 0);
    expect((await decisionOf((await keeping(id, { steps })).id)).plan).toEqual(plan);
  });

  it('stays there when it fails, and whatever becomes of the quote', async () => {
    const { id } = await quote();
    const job = await keeping(id);
    await room.test.query('DELETE FROM quote');
    const [lease] = await room.claim();
    const { scene, attempt } = await room.running(lease as Lease);
    await room.settle.errored(scene, attempt, new ProviderError('malformed_response', 'Odd.'), { credits: null }, 'poll');
    const stages = await room.test.query<{ provider: string }>('SELECT provider FROM stage WHERE job_id = $1', [job.id]);
    expect(new Set(stages.map(({ provider }) => provider))).toEqual(new Set(['two']));
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['of which nobody knows', () => keeping('01900000-0000-7000-8000-000000000000'), /^There is no such quote\. Ask for a new one/],
    ['of another tenant', async () => keeping((await quote({}, 'somebody-else')).id), /^There is no such quote\./],
    ['that expired', async () => {
      const { id } = await quote();
      await room.test.query(`UPDATE quote SET expires_at = now() - interval '1 second'`);
      return keeping(id);
    }, /^The quote expired at 20.*Z\. Ask for a new one with POST \/v1\/quotes, or leave quoteId out\.$/],
    ['of another job', async () => keeping((await quote()).id, { steps: [{ operation: 'convert', to: 'gif' }] }), /of another job/],
    ['of files of another format', async () => keeping((await quote()).id, { inputs: [{ type: 'url', url: 'https://example.com/a.bmp' }] }), /of another job/],
    ['by which nobody could run it', async () => keeping((await quote({ steps: [{ operation: 'watermark', text: 'x' }] })).id, { steps: [{ operation: 'watermark', text: 'x' }] }), /nobody could/],
    ['whose price has risen since', async () => {
      const { id } = await quote();
      charge('two', 3);
      return keeping(id);
    }, /^It would cost 0\.0300 USD by now, and the quote was 0\.0200 USD at the most\./],
  ])('%s is refused at its place', async (_, work, message) => {
    expect(await refusal(work())).toEqual([{ pointer: '/routing/quoteId', message: expect.stringMatching(message) as string }]);
  });

  it('may bring another file of the same kind, and pays less where prices fell', async () => {
    const { id } = await quote();
    charge('two', 1);
    expect((await decisionOf((await keeping(id, { inputs: [{ type: 'url', url: 'https://example.com/b.jpeg' }] })).id)).plan).toMatchObject([{ cost: { amount: '0.0100' } }]);
  });
});

it('a failover is a decision of its own, with the reason', async () => {
  const job = await room.accept(BODY);
  const [lease] = await room.claim();
  const { scene, attempt } = await room.running(lease as Lease);
  await room.settle.errored(scene, attempt, new ProviderError('malformed_response', 'Odd.'), { credits: null }, 'poll');
  expect(await decisionOf(job.id)).toMatchObject({ winner: 'one', quotes: [{ provider: 'one', eligible: true }, { provider: 'two', eligible: false, reasons: [{ code: 'tried' }], cost: { amount: '0.0200' } }, {}] });
  expect(await room.test.query('SELECT number, record->>\'winner\' AS winner FROM route_decision WHERE job_id = $1 ORDER BY number', [job.id])).toEqual([{ number: 1, winner: 'two' }, { number: 2, winner: 'one' }]);
});

it('a retry is decided anew, by the prices of now and without the quote of the job before', async () => {
  const { id } = await quote();
  const job = await keeping(id);
  await room.test.query(`UPDATE job SET status = 'failed', ended_at = now() WHERE id = $1`, [job.id]);
  charge('one', 1);
  const again = await workers(room).retries.retry(await room.find(job.id), {});
  expect([again.graph.quoted, again.graph.routing.quoteId]).toEqual([undefined, null]);
  expect(await decisionOf(again.id)).toMatchObject({ winner: 'one', quotes: [{ eligible: true }, { eligible: true }, {}] });
});

describe('what work really cost', () => {
  const rows = () => room.test.query<{ provider: string; operation: string; source: string; target: string; size_class: string; samples: { credits: number | null; seconds: number }[] }>('SELECT * FROM price_observation ORDER BY size_class');
  const works = async (credits: number | null, body: Partial<JobBody> = {}) => {
    await room.accept({ ...BODY, ...body, routing: { only: ['one'] } });
    const [lease] = await room.claim(1);
    const { scene, attempt } = await room.running(lease as Lease);
    await room.test.query(`UPDATE attempt SET started_at = now() - interval '5 seconds' WHERE id = $1`, [attempt.id]);
    await room.settle.succeeded(scene, attempt, { files: scene.stepIds.map((step) => keptFile(step)), deliveries: [], cost: { credits } }, 'poll');
    return attempt.id;
  };
  const samples = async (count: number) => until(async () => (await rows()).flatMap((row) => row.samples).length >= count);

  it('is learned from attempts, and counts where the vendor tells nothing', async () => {
    charge('one', null);
    for (const [index, credits] of [6, 8, 7, 700].entries()) {
      await works(credits);
      await samples(index + 1);
    }
    expect(await rows()).toMatchObject([{ provider: 'one', operation: 'convert', source: 'jpg', target: 'png', size_class: 'unknown' }]);
    // Nobody has looked yet.
    expect((await quote()).quotes[0]).toMatchObject({ basis: 'none', seconds: 30 });
    await prices.refresh();
    const [told] = (await quote()).quotes;
    expect(told).toMatchObject({ provider: 'one', basis: 'learned', cost: { amount: '0.0700' }, costRange: { min: { amount: '0.0600' }, max: { amount: '0.0800' } } });
    expect(told?.seconds).toBeGreaterThanOrEqual(5);
    expect(told?.seconds).toBeLessThan(20);
    charge('one', 4);
    expect((await quote()).quotes[0]).toMatchObject({ basis: 'vendor', cost: { amount: '0.0400' } });
  });

  it('is learned by the file, and by its size', async () => {
    charge('one', null);
    const files = (count: number) => Array.from({ length: count }, (_, index) => ({ type: 'base64', data: 'aGVsbG8=', filename: `${index}.jpg` }));
    for (const count of [1, 2, 4]) {
      await works(count * 5, { inputs: files(count) });
      await samples([1, 2, 4].indexOf(count) + 1);
    }
    await prices.refresh();
    expect((await quote({ inputs: files(3) })).quotes[0]).toMatchObject({ basis: 'learned', cost: { amount: '0.1500' } });
    // Of a file whose size nobody knows, by all sizes together.
    expect((await quote()).quotes[0]).toMatchObject({ basis: 'learned', cost: { amount: '0.0500' } });
    expect(await rows()).toMatchObject([{ size_class: 'small' }]);
  });

  it('is not learned of several steps at once: nobody knows which was paid', async () => {
    await works(9, { steps: [{ operation: 'compress' }, { operation: 'convert', to: 'png' }] });
    await works(1);
    await samples(1);
    expect(await rows()).toMatchObject([{ operation: 'convert', samples: [{ credits: 1 }] }]);
  });

  it('is kept to the last forty, and written once a minute from then on', async () => {
    const attempt = await works(0);
    await samples(1);
    const kind = { operation: 'compress', from: 'jpg', to: null, size: 'small' };
    const kept = async () => (await rows()).find(({ operation }) => operation === 'compress')?.samples.map(({ credits }) => credits) ?? [];
    for (let credits = 1; credits <= 42; credits += 1) await recordWork(room.database, attempt, kind, credits);
    expect(await kept()).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    await room.test.query(`UPDATE price_observation SET changed_at = now() - interval '61 seconds'`);
    await recordWork(room.database, attempt, kind, 43);
    expect(await kept()).toEqual([...Array.from({ length: 39 }, (_, index) => index + 2), 43]);
  });
});
