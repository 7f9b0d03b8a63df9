import { CANARIES, openWorld, type World } from './support/world.ts';

let world: World;
let id: string;

beforeAll(async () => {
  world = await openWorld();
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
  ['a secret in a log', 'I5', /stands in what the service wrote/, async () => world.caller.logs.push(`key ${CANARIES.api2convert}`), async () => world.caller.logs.pop()],
];

test.each(BREACHES)('%s is found', async (_name, rule, what, spoil, mend) => {
  await spoil();
  const breaches = await world.audit();
  await mend();
  expect(breaches).toContainEqual({ rule, what: expect.stringMatching(what) as string });
});

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
