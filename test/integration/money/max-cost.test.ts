import { indexOf } from '../../../src/conversion/catalogue-index.js';
import { ProviderError, type ErrorKind } from '../../../src/conversion/errors.js';
import type { Lease } from '../../../src/execution/stage-store.js';
import type { Problem } from '../../../src/http/problem.js';
import { engineRoom, keptFile, TENANT, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

let room: EngineRoom;

/** Conversions cost 0.02 at one and 0.05 at two; only one knows what compressing costs. */
beforeAll(async () => {
  room = await engineRoom([new FakeProvider('one', ['convert', 'compress'], false), new FakeProvider('two', ['convert'])], { pricing: { currency: 'USD', perCredit: '0.01', credits: [{ operation: 'compress', credits: 1 }] } });
  charge('one', 2);
  charge('two', 5);
});
beforeEach(() => room.empty());
afterAll(() => room.close());

const charge = (provider: string, credits: number): void =>
  room.views.put(provider, { live: indexOf({ entries: [{ operation: 'convert', name: 'convert', from: null, to: 'png', options: null, credits }], covers: [] }) });

const limited = (amount: string, more: object = {}) => room.accept({ routing: { maxCost: { amount, currency: 'USD' }, ...more } });
const refusal = (work: Promise<unknown>) => work.then(() => null, (error: Problem) => error);
const next = async () => room.running((await room.claim())[0] as Lease);
const fails = async (kind: ErrorKind, credits: number | null) => {
  const { scene, attempt } = await next();
  await room.settle.errored(scene, attempt, new ProviderError(kind, 'Because.'), { credits }, 'poll');
};
const stages = (jobId: string) => room.test.query<{ provider: string; status: string }>('SELECT provider, status FROM stage WHERE job_id = $1 ORDER BY id', [jobId]);

describe('a job that may cost so much', () => {
  it('is taken where that is enough, and shows what was asked for', async () => {
    const job = await limited('0.02');
    expect(job.graph.routing.maxCost).toEqual({ amount: '0.02', currency: 'USD' });
    expect(await stages(job.id)).toMatchObject([{ provider: 'one' }]);
  });

  it('is refused where it is not, with the cheapest price there is, and nothing is written', async () => {
    expect(await refusal(limited('0.0199'))).toMatchObject({ code: 'no_eligible_provider', status: 422, detail: expect.stringContaining('The cheapest plan would cost 0.0200 USD, and routing.maxCost is 0.0199 USD.') as string, more: { errors: [{ pointer: '/routing/maxCost' }] } });
    expect(await room.test.query('SELECT 1 FROM job')).toEqual([]);
  });

  it('goes by the rate where the limit is in another currency, and is refused where there is none', async () => {
    expect((await room.accept({ routing: { maxCost: { amount: '0.0167', currency: 'EUR' } } })).graph).toMatchObject({ routing: { maxCost: { amount: '0.0167', currency: 'EUR' } }, ceiling: { amount: '0.02004', currency: 'USD' } });
    expect(await refusal(room.accept({ routing: { maxCost: { amount: '0.0166', currency: 'EUR' } } }))).toMatchObject({ code: 'no_eligible_provider' });
    expect(await refusal(room.accept({ routing: { maxCost: { amount: '5', currency: 'GBP' } } }))).toMatchObject({ more: { errors: [{ pointer: '/routing/maxCost/currency', message: 'GBP cannot be compared with USD, in which prices are told here; use USD or EUR.' }] } });
  });

  it('is quoted as it is taken', async () => {
    const body = { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }], routing: { maxCost: { amount: '0.03', currency: 'USD' } } };
    expect(await room.quotes.quote(TENANT, body)).toMatchObject({ winner: 'one', quotes: [{ eligible: true }, { provider: 'two', eligible: false, reasons: [{ code: 'max_cost' }] }] });
  });
});

describe('in a failover', () => {
  it('what was spent counts: a provider that would be too dear is not gone to, and the job fails with that', async () => {
    const job = await limited('0.06');
    await fails('conversion_failed', 2);
    expect(await room.find(job.id)).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded', message: 'Of the 0.0600 USD that the job may cost 0.0400 USD are left; to go on would cost 0.0500 USD.', retryable: false } });
    expect(await stages(job.id)).toEqual([{ provider: 'one', status: 'failed' }]);
  });

  it('the control: one that costs nothing when it fails leaves enough, and the other provider has it', async () => {
    const job = await limited('0.06');
    await fails('conversion_failed', 0);
    expect(await stages(job.id)).toEqual([{ provider: 'one', status: 'superseded' }, { provider: 'two', status: 'active' }]);
  });

  it('a provider that may have it again soon is waited for, rather than the job failed over money', async () => {
    const job = await limited('0.03');
    await fails('rate_limited', 0);
    expect(await room.find(job.id)).toMatchObject({ status: 'processing' });
    expect(await stages(job.id)).toEqual([{ provider: 'one', status: 'active' }]);
  });

  it('nor is it tried again where it is, once what is left is not enough', async () => {
    const job = await limited('0.03', { only: ['one'] });
    await fails('unavailable', 2);
    expect(await room.find(job.id)).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded' } });
    const control = await limited('0.04', { only: ['one'] });
    await fails('unavailable', 2);
    expect(await room.find(control.id)).toMatchObject({ status: 'processing' });
  });

  it('what is done, and what is still to be done elsewhere, counts too', async () => {
    const body = { inputs: [{ id: 'f', type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ id: 'a', operation: 'compress', inputs: ['f'] }, { id: 'b', operation: 'convert', to: 'png', inputs: ['a'] }] };
    const job = await room.accept({ ...body, routing: { maxCost: { amount: '0.05', currency: 'USD' }, exclude: [] } });
    const first = await next();
    await room.settle.succeeded(first.scene, first.attempt, { files: [keptFile('a')], deliveries: [], cost: { credits: 1 } }, 'poll');
    await fails('conversion_failed', 0);
    // 0.01 is spent, and what is left would be 0.05 at two.
    expect(await room.find(job.id)).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded' } });
  });

  it('a quote\'s ceiling holds as well', async () => {
    const body = { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };
    const { id } = await room.quotes.quote(TENANT, { ...body, routing: { only: ['one'] } });
    const job = await room.accept({ routing: { only: ['one'], quoteId: id } });
    await fails('unavailable', 1);
    expect(await room.find(job.id)).toMatchObject({ status: 'failed', error: { code: 'budget_exceeded', message: expect.stringContaining('Of the 0.0200 USD') as string } });
  });
});
