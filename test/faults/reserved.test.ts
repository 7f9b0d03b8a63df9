import { budgetsAgree } from './auditor/budgets.ts';
import { forgetTheDead, killed, momentsOf, RECORDED, watch, type Moment } from './support/killing.ts';
import { openSpoiltWorld, sendWorded, tries, type SpoiltWorld } from './support/spoilt-world.ts';
import type { View } from './support/caller.ts';

/*
 * A process dies while money is reserved: at every commit that moves money or that begins to spend it, before it and after it. Each job has a budget of its own that
 * pays for the dearer of two vendors once: what is reserved twice, or never comes back, is missed at once.
 */

const CHEAP = '0.0133';
const DEAR = '0.0201';
const MOST_JOBS = 100;
const tagOf = (nth: number): string => `tight-${nth}`;
const BUDGETS = [
  ...Array.from({ length: MOST_JOBS }, (_, nth) => ({ tag: tagOf(nth), period: 'total', limit: { amount: DEAR, currency: 'USD' } })),
  { tenant: 'default', period: 'month', limit: { amount: '100', currency: 'USD' } },
  { provider: 'api2convert', period: 'day', limit: { amount: '100', currency: 'USD' } },
];

let world: SpoiltWorld;
let jobs = 0;

beforeAll(async () => {
  world = await openSpoiltWorld({ variables: RECORDED, money: { prices: { api2convert: DEAR, runconvert: CHEAP }, budgets: BUDGETS } });
  await world.gateway();
});

afterAll(() => world.close());

interface Standing {
  readonly spent: string;
  readonly reserved: string;
}

const standing = async (nth: number): Promise<Standing | undefined> =>
  (await world.postgres.query<Standing>(`SELECT trim_scale(spent)::text AS spent, trim_scale(reserved)::text AS reserved FROM budget_period WHERE budget = $1`, [`tag=${tagOf(nth)}/total`]))[0];
const bookedOf = async (id: string): Promise<string | undefined> => (await world.postgres.query<{ sum: string }>('SELECT trim_scale(coalesce(sum(amount), 0))::text AS sum FROM ledger_entry WHERE job_id = $1', [id]))[0]?.sum;
const gateway = () => {
  const [first] = world.gateways;
  if (first === undefined) throw new Error('no gateway is there');
  return first;
};

interface Story {
  readonly name: string;
  readonly vendor: 'api2convert' | 'runconvert';
  readonly scenario: object;
  readonly then?: (id: string) => Promise<void>;
  readonly status: string;
  /** Who tried it last. */
  readonly last: string;
  /** Where it is killed. */
  readonly places: readonly string[];
}

const STORIES: readonly Story[] = [
  {
    name: 'a failover to the dearer vendor', vendor: 'runconvert', scenario: { name: 'fail' }, status: 'completed', last: 'api2convert',
    places: ['jobs/job-store:JobStore.insert', 'execution/attempt-store:AttemptStore.begin', 'execution/settle:SettleService.errored', 'execution/settle:SettleService.succeeded'],
  },
  {
    name: 'a cancel, whose cost is told late', vendor: 'runconvert', scenario: { name: 'unknown-status', options: { ms: 8000 } }, then: cancel, status: 'canceled', last: 'runconvert',
    places: ['execution/cancel:CancelService.cancel', 'execution/late-news:writeLateEnd'],
  },
];

/** Where money is reserved, booked or given back, or is about to be spent. */
const MONEY = /budget_(period|reservation)|ledger_entry|INSERT attempt/;

/** The job, and which budget is its own. Its end is waited for, and what became of what it left behind. */
async function live({ vendor, scenario, then }: Story): Promise<{ readonly nth: number; readonly job: View }> {
  const nth = jobs;
  jobs += 1;
  await world.play({ vendor, match: { filename: `${tagOf(nth)}.` }, ...scenario });
  const { id } = await sendWorded(world, tagOf(nth), { tag: tagOf(nth), routing: { prefer: [vendor] } });
  await then?.(id);
  const job = await world.caller.ended(id, 60_000);
  await asked(id);
  return { nth, job };
}

async function cancel(id: string): Promise<void> {
  for (const late = Date.now() + 30_000; Date.now() < late; await pause(20)) {
    if ((await world.caller.read(id))?.attempts.some(({ status }) => status === 'running') === true) break;
  }
  for (const late = Date.now() + 30_000; Date.now() < late; await pause(30)) {
    const answer = await world.gateways[0]?.call(`/v1/jobs/${id}/cancel`, { method: 'POST' }).catch(() => undefined);
    if (answer?.status === 202 || answer?.status === 409) return;
  }
}

async function asked(id: string): Promise<void> {
  for (const late = Date.now() + 40_000; Date.now() < late; await pause(100)) {
    const open = await world.postgres.query(`UPDATE attempt SET watch_due_at = now() WHERE job_id = $1 AND watch_due_at IS NOT NULL RETURNING 1`, [id]);
    // Whoever wrote it down has the answer a moment later.
    if (open.length === 0) return pause(300);
  }
}

const shown = ({ place, nth, side }: Moment): string => `${side} ${place} (${nth})`;
const unkept = () => [...world.caller.logs, ...world.gateways.map((one) => one.output())].filter((text) => text.includes('A budget did not say what was spent and reserved'));

test.each(STORIES)('$name: whoever dies, what was reserved is neither lost nor doubled, and what was spent is what the ledger says', async (story) => {
  let calm: Awaited<ReturnType<typeof live>> | undefined;
  const { commits } = await watch(gateway(), async () => (calm = await live(story)));
  // The control: the story was told, and its money moved.
  expect(calm?.job.status).toBe(story.status);
  expect(await standing(calm?.nth ?? -1)).toEqual({ spent: await bookedOf(calm?.job.id ?? ''), reserved: '0' });
  expect(Number((await standing(calm?.nth ?? -1))?.spent)).toBeGreaterThan(0);
  const places = new Set(commits.filter(({ wrote }) => MONEY.test(wrote)).map(({ place }) => place));
  expect(story.places.filter((place) => !places.has(place))).toEqual([]);
  expect([...places].filter((place) => !STORIES.some((one) => one.places.includes(place)))).toEqual([]);
  const moments = momentsOf(commits.filter(({ place }) => story.places.includes(place)));
  const seen: Record<string, string> = {};
  for (const moment of moments) {
    let life: ReturnType<typeof live> | undefined;
    const nth = jobs;
    const met = await killed(gateway(), moment, () => (life = live(story)));
    const between = await standing(nth);
    seen[shown(moment)] = met ? (between?.reserved ?? 'no budget') : 'not met';
    if (met) {
      // Nobody is there who could put it right: what was committed agrees by itself.
      expect([shown(moment), await budgetsAgree(world.postgres)]).toEqual([shown(moment), []]);
      await forgetTheDead(world);
      await world.gateway();
    }
    const job = (await life)?.job;
    expect([shown(moment), job?.status, job === undefined ? [] : tries(job).at(-1)?.split(' ')[0]]).toEqual([shown(moment), story.status, story.last]);
    expect([shown(moment), await standing(nth)]).toEqual([shown(moment), { spent: await bookedOf(job?.id ?? ''), reserved: '0' }]);
  }
  process.stdout.write(`${story.name}: reserved while nobody lived\n${Object.entries(seen).map(([moment, reserved]) => `  ${moment}: ${reserved}\n`).join('')}`);
  // The control: at some of the moments money was reserved, at others not yet or no more.
  expect(Object.values(seen)).toEqual(expect.arrayContaining(['0', CHEAP]));
  expect(Object.values(seen)).not.toContain('not met');
  await world.settled();
  expect(await world.audit()).toEqual([]);
  // Nor was it a successor that put it right.
  expect(unkept()).toEqual([]);
}, 240_000);

test('the control: a budget that is off is found, and a successor says so', async () => {
  await world.postgres.query(`UPDATE budget_period SET reserved = reserved + 0.01 WHERE budget = 'tenant=default/month'`);
  expect(await budgetsAgree(world.postgres)).toMatchObject([{ rule: 'I8' }]);
  await world.gateway();
  expect(await budgetsAgree(world.postgres)).toEqual([]);
  expect(unkept()).toHaveLength(1);
});

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
