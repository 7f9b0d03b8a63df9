import { indexOf } from '../../src/conversion/catalogue-index.js';
import { ProviderError, type ErrorKind } from '../../src/conversion/errors.js';
import type { JobBody } from '../../src/conversion/job-body.js';
import { LearnedPrices } from '../../src/routing/learned-prices.js';
import type { Lease } from '../../src/execution/stage-store.js';
import { engineRoom, keptFile, TENANT, type EngineRoom } from '../support/engine-room.js';
import { FakeProvider } from '../support/fake-provider.js';

/** Two accounts whose prices are near each other: what fails decides. */
let room: EngineRoom;

beforeAll(async () => {
  room = await engineRoom([new FakeProvider('near', ['convert', 'compress']), new FakeProvider('far', ['convert', 'compress'])], { pricing: { currency: 'USD', perCredit: '0.001', credits: [{ operation: 'compress', credits: 5 }] } });
});
beforeEach(async () => {
  await room.outcomes.flush();
  await room.empty();
  await room.test.query('TRUNCATE breaker, provider_event, price_observation, quote');
  await look();
  charge('near', 19);
  charge('far', 20);
});
afterAll(() => room.close());

const charge = (provider: string, credits: number): void =>
  room.views.put(provider, { live: indexOf({ entries: [{ operation: 'convert', name: 'convert', from: null, to: 'png', options: null, credits }], covers: [] }) });

const look = async () => room.board.put(await room.standings.read());
const BODY: JobBody = { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }] };
const quote = (body: Partial<JobBody> = {}) => room.quotes.quote(TENANT, { ...BODY, ...body });
const winner = async (body: Partial<JobBody> = {}) => (await quote(body)).winner;

/** A job's attempt at a provider that ends: by itself, or in an error of a kind. */
async function attempt(provider: string, kind: ErrorKind | null, credits: number | null = null): Promise<void> {
  // Whoever asked to be left alone is asked again at once.
  await room.test.query('TRUNCATE provider_throttle');
  await room.accept({ ...BODY, routing: { only: [provider], maxAttempts: 1 } });
  const [lease] = await room.claim(1);
  const { scene, attempt: live } = await room.running(lease as Lease);
  if (kind === null) await room.settle.succeeded(scene, live, { files: scene.stepIds.map((step) => keptFile(step)), deliveries: [], cost: { credits } }, 'poll');
  else await room.settle.errored(scene, live, new ProviderError(kind, 'Because.', { code: 'theirs' }), { credits }, 'poll');
}

async function attempts(provider: string, kinds: readonly (ErrorKind | null)[], credits: number | null = null): Promise<void> {
  for (const kind of kinds) await attempt(provider, kind, credits);
  await room.outcomes.flush();
  await look();
}

const many = <Kind>(count: number, kind: Kind): readonly Kind[] => Array.from({ length: count }, () => kind);

it('attempts that fail make a provider dearer than it costs, and those that go well win it back', async () => {
  expect(await quote()).toMatchObject({ winner: 'near', summary: 'near: 0.019 USD against 0.020 at far.' });
  await attempts('near', [...many(12, null), ...many(6, 'unavailable' as const)]);
  const told = await quote();
  expect(told).toMatchObject({ winner: 'far', summary: expect.stringMatching(/^far: 0\.020 USD against 0\.019 at near \(of 1\d attempts \d failed\)\.$/) as string, quotes: [{ provider: 'near', cost: { amount: '0.0190' } }, {}] });
  // A job is decided as it was quoted.
  expect(await room.decisions.last((await room.accept(BODY)).id)).toMatchObject({ winner: 'far', summary: told.summary });
  await room.empty();
  // What another operation there comes to is another matter, and so is a caller who wants it all the same.
  expect(await winner({ steps: [{ operation: 'compress' }] })).toBe('near');
  expect(await winner({ routing: { prefer: ['near'] } })).toBe('near');
  expect(await winner({ routing: { strategy: 'most-reliable' } })).toBe('far');
  // The breaker had no say in it.
  expect([...(await room.standings.read()).values()].flatMap((all) => [...all.values()].map(({ breaker }) => breaker.state))).not.toContain('open');
  await room.breakers.record('near', 'convert', { ok: 600, failed: 0, kind: null, stages: new Map() });
  await look();
  expect(await quote()).toMatchObject({ winner: 'near', summary: 'near: 0.019 USD against 0.020 at far.' });
});

it('what a caller is to blame for, and what is nobody\'s fault, moves nothing', async () => {
  await attempts('near', [...many(8, 'invalid_input' as const), ...many(4, 'rate_limited' as const), ...many(4, 'source_unreachable' as const)]);
  expect(await winner()).toBe('near');
  expect(room.board.record('near', 'convert')?.failed ?? 0).toBe(0);
  // The control.
  await attempts('near', many(8, 'vanished' as const));
  expect(await winner()).toBe('far');
});

it('what failed attempts are charged counts as well', async () => {
  await attempts('far', many(3, null));
  await attempts('near', [...many(6, null), ...many(6, 'unmapped' as const)], 1000);
  const { failed, wasted } = room.board.record('near', 'convert') ?? { failed: 0, wasted: 0 };
  expect(wasted / failed).toBeCloseTo(1000, 0);
});

it('every process ranks alike: all of it lies in the database', async () => {
  await attempts('near', [...many(4, null), ...many(8, 'unavailable' as const)]);
  const [one, other] = [await room.standings.read(), await room.standings.read()];
  expect(one.get('near')?.get('convert')?.record).toEqual(other.get('near')?.get('convert')?.record);
  expect(one.get('near')?.get('convert')?.record?.failed).toBeGreaterThan(5);
  // A day without a word, and it is forgiven.
  await room.test.query(`UPDATE breaker SET record = jsonb_set(record, '{at}', to_jsonb((record->>'at')::float8 - 72 * 3600000.0))`);
  await look();
  expect(await winner()).toBe('near');
});

it('an outage is the breaker\'s matter: who is back is nearly as good as before', async () => {
  await attempts('near', many(30, null));
  await room.breakers.record('near', 'convert', { ok: 0, failed: 40, kind: 'unavailable', stages: new Map() });
  await room.test.query(`UPDATE breaker SET open_until = now() - interval '1 second' WHERE state = 'open'`);
  const during = (await room.standings.read()).get('near')?.get('convert');
  expect(during?.breaker.state).toBe('open');
  await room.accept({ ...BODY, routing: { only: ['near'] } });
  const [lease] = await room.claim(1);
  const { stageId } = lease as Lease;
  expect(await room.breakers.claimProbe('near', ['convert'], stageId)).toBe(true);
  // Who claims the probe adds nothing to the record.
  expect((await room.standings.read()).get('near')?.get('convert')?.record).toEqual(during?.record);
  await room.breakers.record('near', 'convert', { ok: 1, failed: 0, kind: null, stages: new Map([[stageId, true]]) });
  const back = (await room.standings.read()).get('near')?.get('convert');
  expect(back?.breaker.state).toBe('closed');
  expect(back?.record?.failed).toBeLessThan(12);
  expect(during?.record?.failed).toBeGreaterThan(30);
});

it('one job in fifty finds out how a provider does by now that would come first; and what is drawn for a quote is drawn for its job', async () => {
  await attempts('near', [...many(6, null), ...many(8, 'unavailable' as const)]);
  const tags = Array.from({ length: 300 }, (_, index) => `job-${index}`);
  const quotes = [];
  for (const tag of tags) quotes.push({ tag, ...(await quote({ tag })) });
  const exploring = quotes.filter(({ exploration }) => exploration === true);
  expect(exploring.length).toBeGreaterThan(0);
  expect(exploring.length).toBeLessThanOrEqual(15);
  expect(new Set(exploring.map((one) => one.winner))).toEqual(new Set(['near']));
  expect(exploring[0]?.summary).toMatch(/^near, to find out how it does by now: 0\.019 USD \(of \d+ attempts \d+ failed\) against 0\.020 at far\.$/);
  const others = quotes.filter((one) => !exploring.includes(one));
  expect(new Set(others.map((one) => one.winner))).toEqual(new Set(['far']));
  for (const { tag, winner: quoted, exploration } of [...exploring, ...others.slice(0, 3)]) {
    const decision = await room.decisions.last((await room.accept({ ...BODY, tag })).id);
    expect([decision?.winner, decision?.exploration]).toEqual([quoted, exploration]);
  }
  // A job that failed takes no chances, and one that keeps to its quote has none.
  const kept = await room.accept({ ...BODY, tag: others[0]?.tag ?? '', routing: { quoteId: others[0]?.id ?? '' } });
  expect(await room.decisions.last(kept.id)).not.toHaveProperty('exploration');
});

it('by weight, what is drawn for a quote is drawn for its job, and both get some', async () => {
  const drawn = [];
  for (let index = 0; index < 20; index += 1) {
    const body = { tag: `job-${index}`, routing: { strategy: 'weighted' } };
    const { winner: quoted } = await quote(body);
    expect((await room.decisions.last((await room.accept({ ...BODY, ...body })).id))?.winner).toBe(quoted);
    drawn.push(quoted);
  }
  expect([...new Set(drawn)].sort()).toEqual(['far', 'near']);
});

describe('seconds', () => {
  const learned = async (provider: string, seconds: readonly number[]): Promise<void> => {
    const samples = JSON.stringify(seconds.map((one) => ({ credits: 1, seconds: one, at: Date.now() })));
    await room.test.query(
      `INSERT INTO price_observation (provider, operation, source, target, size_class, samples) VALUES ($1, 'convert', 'jpg', 'png', 'unknown', $2::jsonb)
       ON CONFLICT (provider, operation, source, target, size_class) DO UPDATE SET samples = excluded.samples, changed_at = now()`,
      [provider, samples],
    );
  };
  const told = async () => (await quote({ routing: { strategy: 'fastest' } })).quotes.map(({ seconds }) => seconds);

  it('that were learned decide who is the fastest, and move only when they have really changed; in a process that has just begun too', async () => {
    const prices = new LearnedPrices(room.database, room.views);
    const afresh = async () => new LearnedPrices(room.database, room.views).refresh();
    await learned('near', many(10, 10));
    await learned('far', many(10, 9.5));
    await prices.refresh();
    expect([await winner({ routing: { strategy: 'fastest' } }), await told()]).toEqual(['far', [10, 9.5]]);
    // By less than a tenth: no news, although it would turn the order round.
    await learned('near', many(10, 9.2));
    await prices.refresh();
    expect(await told()).toEqual([10, 9.5]);
    await afresh();
    expect(await told()).toEqual([10, 9.5]);
    await learned('near', many(10, 4));
    await prices.refresh();
    await learned('near', many(10, 4.2));
    await afresh();
    expect([await winner({ routing: { strategy: 'fastest' } }), await told()]).toEqual(['near', [4, 9.5]]);
  });
});
