import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '../support/gateway.ts';
import { CANARIES, openWorld, type World } from './support/world.ts';

/* FI-35, of prices: what cannot be a price stops the start; what is missing or too old keeps no job from running, is told, and nobody is chosen by it. */

let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gateway-prices-'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function written(text: string): Promise<string> {
  const path = join(folder, `${(files += 1)}.json`);
  await writeFile(path, text);
  return path;
}

/** With `pricing` as it stands in the file, for JSON knows no NaN. */
const started = async (pricing: string): Promise<string> => {
  const PROVIDERS_FILE = await written(`{ "providers": [{ "id": "one", "adapter": "runconvert", "apiKey": "k", "pricing": ${pricing} }] }`);
  return startGateway({ PROVIDERS_FILE, DATABASE_URL: 'postgres://127.0.0.1:9/nobody' }).then(() => 'it started', (error: Error) => error.message);
};

const row = (one: string): string => `{ "currency": "USD", "perCredit": "0.02", "credits": [{ "operation": "convert", "credits": 1 }, ${one}] }`;

test.each([
  ['a credit that is worth less than nothing', '{ "currency": "USD", "perCredit": "-0.02" }', /PROVIDERS_FILE \(.*\): \/providers\/0\/pricing\/perCredit must be a decimal number that is not negative, as text, such as "0\.0200"\./],
  ['a credit that is worth no number', '{ "currency": "USD", "perCredit": "NaN" }', /\/providers\/0\/pricing\/perCredit must be a decimal number that is not negative/],
  ['a negative price', row('{ "operation": "*", "credits": -1 }'), /\/providers\/0\/pricing\/credits\/1\/credits must be a number that is not negative: a price is never below nothing\./],
  ['a negative price of a minute', row('{ "category": "video", "creditsPerMinute": -0.5 }'), /\/providers\/0\/pricing\/credits\/1\/creditsPerMinute must be a number that is not negative/],
  ['a price that is no number', row('{ "operation": "*", "credits": "NaN" }'), /\/providers\/0\/pricing\/credits\/1\/credits must be a number that is not negative/],
  ['a price without end', row('{ "operation": "*", "credits": 1e400 }'), /\/providers\/0\/pricing\/credits\/1\/credits must be a number that is not negative/],
  ['a price that JSON does not know', row('{ "operation": "*", "credits": NaN }'), /PROVIDERS_FILE \(.*\): is not valid JSON/],
  ['a negative override', '{ "currency": "USD", "perCredit": "0.02", "overrides": [{ "credits": -1 }] }', /\/providers\/0\/pricing\/overrides\/0\/credits must be a number that is not negative/],
])('FI-35: %s stops the start, with the place and the mend', async (_, pricing, said) => {
  expect(await started(pricing)).toMatch(said);
});

test('FI-35: the control: with a price that is one, it is the database alone that is missing', async () => {
  expect(await started(row('{ "operation": "*", "credits": 2 }'))).not.toMatch(/PROVIDERS_FILE/);
});

interface Told {
  readonly winner: string | null;
  readonly quotes: readonly { readonly provider: string; readonly basis: string; readonly cost: { readonly amount: string | null } }[];
}

let world: World;
const gateway = () => {
  const last = world.gateways.at(-1);
  if (last === undefined) throw new Error('no gateway is there');
  return last;
};
const BODY = { inputs: [{ id: 'file', type: 'url', url: 'https://files.example.com/lighthouse.jpg' }], steps: [{ id: 'made', operation: 'convert', to: 'png' }] };
const told = async (path: string, body?: object): Promise<Told> => (await (await gateway().call(path, body === undefined ? {} : { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })).json()) as Told;
const shown = ({ winner, quotes }: Told) => [winner, ...quotes.map(({ provider, basis, cost }) => `${provider} ${basis} ${cost.amount ?? 'nothing'}`)];

/** What conversions cost at api2convert, as three attempts so many days ago told. */
async function learned(credits: unknown, days: number): Promise<void> {
  const samples = JSON.stringify([0, 1, 2].map((nth) => ({ credits, seconds: 2, at: Date.now() - days * 86_400_000 - nth * 1000 })));
  await world.postgres.query(`INSERT INTO price_observation (provider, operation, source, target, size_class, samples) VALUES ('api2convert', 'convert', 'jpg', 'png', 'unknown', $1::jsonb)
    ON CONFLICT (provider, operation, source, target, size_class) DO UPDATE SET samples = excluded.samples, changed_at = now()`, [samples]);
}

/** Asked until it is told so, for the process looks every few seconds; the last word in any case. */
async function quoted(wanted: string): Promise<Told> {
  for (const late = Date.now() + 20_000; ; await new Promise((resolve) => setTimeout(resolve, 200))) {
    await world.postgres.query(`SELECT pg_notify('conversion_catalogue', '')`);
    const quote = await told('/v1/quotes', BODY);
    if (shown(quote).includes(wanted) || Date.now() > late) return quote;
  }
}

test('FI-35: a price that is missing or too old keeps no job from running: the basis says what was gone by, and nobody is chosen by what is none', async () => {
  world = await openWorld();
  try {
    const providers = [
      { id: 'runconvert', adapter: 'runconvert', apiKey: CANARIES.runconvert, baseUrl: world.vendors.runconvert },
      { id: 'api2convert', adapter: 'api2convert', apiKey: CANARIES.api2convert, baseUrl: world.vendors.api2convert, pricing: { currency: 'USD', perCredit: '0.0100', credits: [{ operation: 'convert', credits: 5 }] } },
    ];
    await world.gateway({ PROVIDERS_FILE: await written(JSON.stringify({ providers })) });
    // What was learned before each is the control: it is seen, and it counts.
    for (const [nth, [credits, days]] of ([[9, 40], ['NaN', 1], [-9, 1], ['1e999', 1]] as const).entries()) {
      await learned(nth + 1, 1);
      expect(shown(await quoted(`api2convert learned 0.0${nth + 1}00`))).toEqual(['api2convert', 'runconvert none nothing', `api2convert learned 0.0${nth + 1}00`]);
      await learned(credits, days);
      const quote = await quoted('api2convert table 0.0500');
      // Who has no price is last, and says so.
      expect([credits, ...shown(quote)]).toEqual([credits, 'api2convert', 'runconvert none nothing', 'api2convert table 0.0500']);
      const { id } = await world.caller.send(BODY);
      expect(shown(await told(`/v1/jobs/${id}/decision`))).toEqual(shown(quote));
      expect(await world.caller.ended(id)).toMatchObject({ status: 'completed', attempts: [{ provider: 'api2convert', status: 'succeeded' }] });
    }
    const { id } = await world.caller.send({ ...BODY, routing: { only: ['runconvert'] } });
    expect(await world.caller.ended(id)).toMatchObject({ status: 'completed', attempts: [{ provider: 'runconvert', status: 'succeeded', cost: null }] });
    expect(shown(await told(`/v1/jobs/${id}/decision`))).toContain('runconvert none nothing');
    await world.settled();
    expect(await world.audit()).toEqual([]);
  } finally {
    await world.close();
  }
}, 150_000);
