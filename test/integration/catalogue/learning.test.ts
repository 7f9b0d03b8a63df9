import { ProviderError } from '../../../src/conversion/errors.js';
import type { Problem } from '../../../src/http/problem.js';
import { pairKey } from '../../../src/routing/catalogue-view.js';
import { LearnedPairs } from '../../../src/routing/learned-pairs.js';
import { engineRoom, keptFile, until, type EngineRoom } from '../../support/engine-room.js';
import { FakeProvider } from '../../support/fake-provider.js';

let room: EngineRoom;
let pairs: LearnedPairs;
beforeAll(async () => {
  room = await engineRoom([new FakeProvider('vendor', ['convert', 'resize'])]);
  pairs = new LearnedPairs(room.database);
});
beforeEach(async () => {
  await room.empty();
  await room.test.query('TRUNCATE learned_pair');
  room.views.put('vendor', { learned: new Map() });
});
afterAll(() => room.close());

const JPG_PNG = pairKey('convert', 'jpg', 'png');
const learned = async () => Object.fromEntries((await pairs.read(['vendor'])).get('vendor') ?? []);
const verdicts = async () => (await room.test.query<{ verdict: string }>('SELECT verdict FROM learned_pair')).map(({ verdict }) => verdict);
const OF_REQUEST = new ProviderError('unsupported', 'The target is unknown.', { code: 'http_400', created: 'not_created' });
const OF_FILE = new ProviderError('unsupported', 'Unsupported input.', { code: '4000' });

type Body = Parameters<EngineRoom['accept']>[0];

async function run(body: Body, end: (made: Awaited<ReturnType<EngineRoom['running']>>) => Promise<void>): Promise<void> {
  await room.accept(body);
  const [lease] = await room.claim(1);
  if (lease === undefined) throw new Error('nothing is due');
  await end(await room.running(lease));
}

const works = (body: Body = {}) => run(body, ({ scene, attempt }) => room.settle.succeeded(scene, attempt, { files: scene.stepIds.map((step) => keptFile(step)), deliveries: [], cost: { credits: 1 } }, 'poll'));
const fails = (error: ProviderError, body: Body = {}) => run(body, ({ scene, attempt }) => room.settle.errored(scene, attempt, error, { credits: null }, 'poll'));
/** What is learned is learned aside. */
const settles = (isSo: () => Promise<boolean>) => until(isSo);

it('what worked is verified, step by step, by the formats that went in', async () => {
  await works({ inputs: [{ type: 'url', url: 'https://a.example/a.JPEG' }, { type: 'url', url: 'https://a.example/b.bmp' }], steps: [{ operation: 'convert', to: 'png' }, { operation: 'resize', width: 5 }] });
  await settles(async () => (await verdicts()).length === 3);
  expect(await learned()).toEqual({ [JPG_PNG]: 'verified', [pairKey('convert', 'bmp', 'png')]: 'verified', [pairKey('resize', 'png', null)]: 'verified' });
});

it('nothing is learned of files whose format nobody knows', async () => {
  await works({ inputs: [{ type: 'url', url: 'https://a.example/download' }, { type: 'url', url: 'https://a.example/a.whatever' }] });
  await works();
  await settles(async () => (await verdicts()).length > 0);
  expect(await learned()).toEqual({ [JPG_PNG]: 'verified' });
});

it('one refusal is a doubt, and the next job\'s too a refusal: it is not offered then, and says what would be', async () => {
  await fails(OF_REQUEST);
  await settles(async () => (await verdicts()).length === 1);
  expect([await verdicts(), await learned()]).toEqual([['doubted'], {}]);
  await fails(OF_FILE);
  await settles(async () => (await verdicts())[0] === 'refused');
  room.views.put('vendor', { learned: (await pairs.read(['vendor'])).get('vendor') ?? new Map() });
  const problem = await room.accept({}).then(() => null, (error: unknown) => error as Problem);
  expect(problem?.body('id')).toMatchObject({ status: 422, code: 'unsupported_conversion', errors: [{ pointer: '/steps/0/to', message: 'vendor: "convert" from jpg to png was tried there, and refused as unknown. Nearest that works: "convert" from jpg to webp.' }] });
  // The control: its neighbour is taken.
  await expect(room.accept({ steps: [{ operation: 'convert', to: 'webp' }] })).resolves.toBeDefined();
});

it('jobs that were refused together cast one doubt', async () => {
  await Promise.all([room.accept({}), room.accept({}), room.accept({})]);
  for (const lease of await room.claim()) {
    const { scene, attempt } = await room.running(lease);
    await room.settle.errored(scene, attempt, OF_REQUEST, { credits: null }, 'poll');
    await settles(async () => (await verdicts()).length === 1);
  }
  expect(await verdicts()).toEqual(['doubted']);
});

it('a success in between takes the doubt away, and a file at fault casts none on what works', async () => {
  await fails(OF_REQUEST);
  await settles(async () => (await verdicts()).length === 1);
  await works();
  await settles(async () => (await verdicts())[0] === 'verified');
  await fails(OF_FILE);
  await fails(OF_FILE);
  expect(await verdicts()).toEqual(['verified']);
  // The control: a vendor that no longer knows the request itself is believed, the second time.
  await fails(OF_REQUEST);
  await settles(async () => (await verdicts())[0] === 'doubted');
  await fails(OF_REQUEST);
  await settles(async () => (await verdicts())[0] === 'refused');
});

it.each<[string, ProviderError, Body]>([
  ['options, which may be the reason', OF_REQUEST, { steps: [{ operation: 'convert', to: 'png', options: { color: 7 } }] }],
  ['several steps, of which any may be', OF_REQUEST, { steps: [{ operation: 'convert', to: 'png' }, { operation: 'resize', width: 5 }] }],
  ['several formats, of which any may be', OF_REQUEST, { inputs: [{ type: 'url', url: 'https://a.example/a.jpg' }, { type: 'url', url: 'https://a.example/a.bmp' }] }],
  ['another kind of failure', new ProviderError('conversion_failed', 'It broke.', { code: '7' }), {}],
  ['what our adapter could not say', new ProviderError('unsupported', 'It cannot be said.', { created: 'not_created' }), {}],
])('nothing is learned from %s', async (_name, error, body) => {
  await fails(error, body);
  await works({ inputs: [{ type: 'url', url: 'https://a.example/a.gif' }] });
  await settles(async () => (await verdicts()).length > 0);
  expect(await learned()).toEqual({ [pairKey('convert', 'gif', 'png')]: 'verified' });
});

it('a refusal is forgotten after a week, and renewed by one more', async () => {
  await room.test.query(`INSERT INTO learned_pair VALUES ('vendor', 'convert', 'jpg', 'png', 'refused', NULL, now() - interval '8 days')`);
  expect(await learned()).toEqual({});
  const before = await pairs.state(['vendor']);
  await fails(OF_FILE);
  await settles(async () => (await pairs.state(['vendor'])) !== before);
  expect(await learned()).toEqual({ [JPG_PNG]: 'refused' });
});
