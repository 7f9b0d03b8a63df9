import { CANARIES, openWorld, type World } from './support/world.ts';

let world: World;
let id: string;

beforeAll(async () => {
  world = await openWorld({ money: { prices: { api2convert: '0.0201', runconvert: '0.0133' }, budgets: [{ period: 'month', limit: { amount: '100', currency: 'USD' } }] } });
  await world.gateway();
});

beforeEach(async () => {
  ({ id } = await world.caller.send(world.job()));
  await world.caller.ended(id);
  await world.settled();
  // The control: before something is spoilt, nothing is found.
  expect(await world.audit()).toEqual([]);
});

afterAll(() => world.close());

const sql = (text: string, ...values: unknown[]) => world.postgres.query(text, values);

/** What is spoilt by hand, how it is mended, and what the auditor has to say of it. */
const BREACHES: readonly (readonly [name: string, rule: string, what: RegExp, spoil: () => Promise<unknown>, mend: () => Promise<unknown>])[] = [
  ['an accepted job that is not there', 'I1', /was accepted and is not there/, async () => world.caller.accepted.push({ id: '01890000-0000-7000-8000-000000000000', idempotencyKey: null }), async () => world.caller.accepted.pop()],
  ['a stage that waits in an ended job', 'I1', /is waiting in a job that is completed/, () => sql(`UPDATE stage SET status = 'waiting' WHERE job_id = $1`, id), () => sql(`UPDATE stage SET status = 'done' WHERE job_id = $1`, id)],
  ['a result whose bytes are another\'s', 'I1', /is not what it was/, () => sql(`UPDATE file SET sha256 = reverse(sha256) WHERE job_id = $1`, id), () => sql(`UPDATE file SET sha256 = reverse(sha256) WHERE job_id = $1`, id)],
  ['a vendor job that no attempt stands for', 'I2', /of which nobody here knows/, () => sql(`UPDATE attempt SET provider_job_id = provider_job_id || 'x', reference = reference || 'x' WHERE job_id = $1`, id), () => sql(`UPDATE attempt SET provider_job_id = rtrim(provider_job_id, 'x'), reference = left(reference, -1) WHERE job_id = $1`, id)],
  ['a timeline with a gap', 'I3', /is not 1 to/, () => sql(`UPDATE event SET sequence = 1000 WHERE job_id = $1 AND sequence = 2`, id), () => sql(`UPDATE event SET sequence = 2 WHERE job_id = $1 AND sequence = 1000`, id)],
  ['a job that shows another end than its timeline', 'I3', /went from completed to failed/, () => sql(`UPDATE job SET status = 'failed' WHERE id = $1`, id), async () => {
    await sql(`UPDATE job SET status = 'completed' WHERE id = $1`, id);
    await sql('TRUNCATE audit_history');
  }],
  ['an end that nobody was told of', 'I4', /and nobody was told/, async () => kept.push(...take(({ body }) => body.type === 'job.completed')), async () => put()],
  ['a message under two ids', 'I4', /was told under two ids/, async () => copy((one) => ({ ...one, id: 'msg-other' })), async () => take(({ id: message }) => message === 'msg-other')],
  ['a secret in a table', 'I5', /stands in table job/, () => sql(`UPDATE job SET tag = $2 WHERE id = $1`, id, CANARIES.runconvert), () => sql(`UPDATE job SET tag = NULL WHERE id = $1`, id)],
  ['a cost that is off by the smallest unit', 'I8', /credits, and .* charged/, () => book('0.00000001', '0'), () => book('-0.00000001', '0')],
  ['money that is off by the smallest unit', 'I8', /in money, at/, () => book('0', '0.00000001'), () => book('0', '-0.00000001')],
  ['a cost that stands in nobody\'s name', 'I8', /as somebody else's/, () => unwatched(`UPDATE ledger_entry SET tenant = 'nobody' WHERE job_id = $1`), () => unwatched(`UPDATE ledger_entry SET tenant = 'default' WHERE job_id = $1`)],
  ['an attempt that nobody booked', 'I8', /the ledger does not know of it/, () => unwatched(`UPDATE ledger_entry SET attempt_id = job_id WHERE job_id = $1`), () => unwatched(`UPDATE ledger_entry SET attempt_id = (SELECT id FROM attempt WHERE attempt.job_id = $1) WHERE job_id = $1`)],
  ['a budget that counts what nobody spent', 'I8', /was spent in/, () => sql('UPDATE budget_period SET spent = spent + 0.00000001 WHERE reserved = 0'), () => sql('UPDATE budget_period SET spent = spent - 0.00000001 WHERE reserved = 0')],
  ['a reservation that was never given back', 'I8', /reserved in/, () => sql('UPDATE budget_period SET reserved = reserved + 0.01'), () => sql('UPDATE budget_period SET reserved = reserved - 0.01')],
  ['a secret in a log', 'I5', /stands in what the service wrote/, async () => world.caller.logs.push(`key ${CANARIES.api2convert}`), async () => world.caller.logs.pop()],
];

test.each(BREACHES)('%s is found', async (_name, rule, what, spoil, mend) => {
  await spoil();
  const breaches = await world.audit();
  await mend();
  expect(breaches).toContainEqual({ rule, what: expect.stringMatching(what) as string });
});

/** One more row of the job's, as if its vendor had told; the budget counts it, so that it is the ledger alone that is wrong. */
async function book(credits: string, amount: string): Promise<void> {
  await sql(`INSERT INTO ledger_entry (tenant, key, provider, operation, job_id, attempt_id, outcome, credits, amount, currency, estimated, waste)
             SELECT tenant, key, provider, operation, job_id, attempt_id, 'late', $2::numeric, $3::numeric, currency, false, false FROM ledger_entry WHERE job_id = $1 LIMIT 1`, id, credits, amount);
  await sql(`UPDATE budget_period SET spent = spent + $1::numeric WHERE spent > 0`, amount);
}

/** As nobody can who is not the database's owner: the ledger is only added to. */
async function unwatched(statement: string): Promise<void> {
  await sql('ALTER TABLE ledger_entry DISABLE TRIGGER USER');
  await sql(statement, id);
  await sql('ALTER TABLE ledger_entry ENABLE TRIGGER USER');
}

type Received = World['receiver']['received'][number];
const kept: Received[] = [];
const ledger = () => world.receiver.received as Received[];
const put = () => ledger().push(...kept.splice(0));

function take(which: (one: Received) => boolean): Received[] {
  const taken = ledger().filter(which);
  for (const one of taken) ledger().splice(ledger().indexOf(one), 1);
  return taken;
}

function copy(change: (one: Received) => Received): void {
  const last = ledger().at(-1);
  if (last !== undefined) ledger().push(change(last));
}
