import { createHmac, randomBytes } from 'node:crypto';
import { CANARIES, openWorld, type World } from './support/world.ts';
import { sendWorded, tries, vendorJobsOf } from './support/spoilt-world.ts';
import type { View } from './support/caller.ts';

const SECRET = 'callback-secret-of-the-vendor';
let world: World;

/** The vendor signs, and polls are far apart: what ends soon was ended by a callback. */
beforeAll(async () => {
  world = await openWorld({ sandbox: { SANDBOX_API2CONVERT_WEBHOOK_SECRET: SECRET, SANDBOX_SPEED_MS: '400' }, variables: { API2CONVERT_WEBHOOK_SECRET: SECRET } });
  await world.gateway({ POLL_FLOOR_MS: '5000', POLL_CEILING_MS: '5000' });
});

afterAll(() => world.close());

interface Told {
  readonly attempt_id: string;
  readonly reference: string;
  readonly provider_job_id: string;
}

const only = (vendor: string) => ({ routing: { only: [vendor] } });
const attemptOf = async (jobId: string): Promise<Told> => {
  for (const late = Date.now() + 20_000; Date.now() < late; await new Promise((resolve) => setTimeout(resolve, 20))) {
    const [row] = await world.postgres.query<Told>(`SELECT id AS attempt_id, reference, provider_job_id FROM attempt WHERE job_id = $1 AND status = 'running'`, [jobId]);
    if (row !== undefined) return row;
  }
  throw new Error('its attempt does not run');
};
const sign = (body: string, secret = SECRET): string => createHmac('sha256', secret).update(body).digest('hex');
const call = async (token: string, body: string, signature: string | null, provider = 'api2convert'): Promise<number> => {
  const headers = { 'content-type': 'application/json', ...(signature === null ? {} : { 'x-oc-signature': signature }) };
  const answer = await fetch(`${world.gateways[0]?.url ?? ''}/v1/callbacks/${provider}/${token}`, { method: 'POST', headers, body });
  await answer.arrayBuffer();
  return answer.status;
};
/** What callbacks brought about; polls go on beside them. */
const eventsOf = async (jobId: string): Promise<unknown> => world.postgres.query(`SELECT count(*)::int AS events FROM event WHERE job_id = $1 AND cause = 'callback'`, [jobId]);
const ends = (jobId: string): number => world.receiver.received.filter(({ body }) => body.data.id === jobId && /^job\.(completed|failed|canceled)$/.test(body.type)).length;
async function onceDone(job: View, vendor: string, told = true): Promise<void> {
  expect([job.status, ...tries(job)]).toEqual(['completed', `${vendor} succeeded`]);
  expect((await vendorJobsOf(world, job.id)).filter(({ billable }) => billable)).toHaveLength(1);
  if (told) expect(ends(job.id)).toBe(1);
}

test('FI-09, FI-10, FI-12: callbacks that are doubled, out of order, late, unsigned, forged or never come: each job ends once, is paid once and told once', async () => {
  const words = ['api2convert', 'runconvert'].flatMap((vendor) => ['plain', 'sandbox-duplicate-callback-20', 'sandbox-reordered-callback', 'sandbox-late-callback-1500', 'sandbox-unsigned-callback', 'sandbox-forged-callback', 'sandbox-no-callback'].map((word) => ({ vendor, word })));
  const jobs = await Promise.all(words.map(async ({ vendor, word }) => ({ vendor, word, id: (await sendWorded(world, word, only(vendor))).id })));
  const done = await Promise.all(jobs.map(({ id }) => world.caller.ended(id)));
  await world.settled();
  for (const [index, job] of done.entries()) await onceDone(job, jobs[index]?.vendor ?? '');
  // The control: callbacks are what ended the plain one; where none came, a poll found it.
  const causeOf = async (word: string): Promise<unknown> => world.postgres.query(`SELECT cause FROM event WHERE type = 'attempt.succeeded' AND job_id = $1`, [jobs.find((one) => one.vendor === 'api2convert' && one.word === word)?.id]);
  expect([await causeOf('plain'), await causeOf('sandbox-no-callback')]).toEqual([[{ cause: 'callback' }], [{ cause: 'poll' }]]);
  expect(await world.audit()).toEqual([]);
});

test('FI-09, FI-13: one true callback a hundred times at once, and again after the end: a hundred times 2xx, one effect, no way back', async () => {
  const { id } = await sendWorded(world, 'hundred-sandbox-no-callback', only('api2convert'));
  const { reference, provider_job_id: providerJobId } = await attemptOf(id);
  const truth = await (await fetch(`${world.vendors.api2convert}/jobs/${providerJobId}`, { headers: { 'x-oc-api-key': CANARIES.api2convert } })).text();
  const before = (await world.postgres.query<{ count: number }>('SELECT count(*)::int AS count FROM callback'))[0]?.count ?? 0;
  const answers = await Promise.all(Array.from({ length: 100 }, () => call(reference, truth, sign(truth))));
  expect(new Set(answers.map((status) => Math.floor(status / 100)))).toEqual(new Set([2]));
  expect((await world.postgres.query<{ count: number }>('SELECT count(*)::int AS count FROM callback'))[0]?.count).toBe(before + 1);
  const done = await world.caller.ended(id);
  await world.settled();
  await onceDone(done, 'api2convert');
  // Captured, and played back later: the same words, and words that were true once.
  const failed = JSON.stringify({ ...(JSON.parse(truth) as object), status: { code: 'failed' }, errors: [{ code: 1, message: 'once' }] });
  expect([await call(reference, truth, sign(truth)), await call(reference, failed, sign(failed))].map((status) => Math.floor(status / 100))).toEqual([2, 2]);
  expect(await world.caller.read(id)).toEqual(done);
  expect(await world.audit()).toEqual([]);
});

test('FI-10: news that come before the create was answered, and before the job is known to run, are neither lost nor believed too much', async () => {
  await world.play({ name: 'slow-bytes', vendor: 'api2convert', match: { filename: 'early' }, options: { call: 'create', everyMs: 400, chunk: 2000 } });
  const { id } = await sendWorded(world, 'early', only('api2convert'));
  const token = await (async () => {
    for (;;) {
      const [row] = await world.postgres.query<{ reference: string }>('SELECT reference FROM attempt WHERE job_id = $1', [id]);
      if (row !== undefined) return row.reference;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  // Whoever speaks knows the address and signs, and knows no more than that.
  for (const body of ['{"id":"not-known-yet","status":{"code":"completed"}}', '{"id":"not-known-yet","status":{"code":"processing"}}']) expect(Math.floor((await call(token, body, sign(body))) / 100)).toBe(2);
  const done = await world.caller.ended(id);
  await world.settled();
  await onceDone(done, 'api2convert');
  expect(await world.audit()).toEqual([]);
});

test('FI-11: forged, unsigned, re-serialised, or for another address: refused, nothing written, and thousands of them harm nobody', async () => {
  const { id } = await sendWorded(world, 'forged-sandbox-hang', only('api2convert'));
  const { reference, provider_job_id: providerJobId } = await attemptOf(id);
  const body = JSON.stringify({ id: providerJobId, status: { code: 'completed' }, output: [] }, null, 2);
  const again = JSON.stringify(JSON.parse(body));
  const logged = (): number => world.gateways[0]?.output().split('\n').length ?? 0;
  const [before, lines] = [await eventsOf(id), logged()];
  expect(await call(reference, body, null)).toBe(401);
  expect(await call(reference, body, '')).toBe(401);
  expect(await call(reference, body, sign(body, 'another-secret'))).toBe(401);
  expect(await call(reference, body, sign(again))).toBe(401);
  expect(await call(reference, again, sign(body))).toBe(401);
  expect(await call(reference, body, sign(body).toUpperCase().slice(1))).toBe(401);
  for (const [token, provider] of [[randomBytes(24).toString('base64url'), 'api2convert'], [`${reference}x`, 'api2convert'], [reference, 'runconvert'], [reference, 'nobody']] as const) expect(await call(token, body, sign(body), provider)).toBe(404);

  const side: number[] = [];
  let over = false;
  const bystander = (async () => {
    while (!over) {
      const at = performance.now();
      expect(await world.caller.read(id)).toMatchObject({ status: 'processing' });
      side.push(performance.now() - at);
    }
  })();
  const startedAt = Date.now();
  const refused: number[] = [];
  const beside = sendWorded(world, 'beside', only('api2convert')).then((job) => world.caller.ended(job.id));
  await Promise.all(Array.from({ length: 20 }, async () => {
    for (let turn = 0; turn < 100; turn += 1) refused.push(await call(turn % 2 === 0 ? reference : randomBytes(24).toString('base64url'), `${body}${turn}`, sign(body)));
  }));
  const tookMs = Date.now() - startedAt;
  over = true;
  await bystander;
  side.sort((one, other) => one - other);
  console.log(`2,000 forged callbacks took ${tookMs} ms; beside them half of ${side.length} reads took up to ${Math.round(side[side.length >> 1] ?? 0)} ms, the slowest ${Math.round(side.at(-1) ?? 0)} ms; ${logged() - lines} lines were logged`);
  expect([401, 404].map((status) => refused.filter((one) => one === status).length)).toEqual([1000, 1000]);
  await onceDone(await beside, 'api2convert', false);
  expect(side.at(-1)).toBeLessThan(5000);
  expect(logged() - lines).toBeLessThan(100);
  const [stored] = await world.postgres.query<{ count: number }>('SELECT count(*)::int AS count FROM callback WHERE attempt_id = (SELECT id FROM attempt WHERE job_id = $1)', [id]);
  expect(stored).toEqual({ count: 0 });
  expect(await eventsOf(id)).toEqual(before);
  // The control: the same words, rightly signed, are taken and written down.
  const honest = JSON.stringify({ id: providerJobId, status: { code: 'processing' } });
  expect(Math.floor((await call(reference, honest, sign(honest))) / 100)).toBe(2);
  expect(await world.postgres.query('SELECT count(*)::int AS count FROM callback WHERE attempt_id = (SELECT id FROM attempt WHERE job_id = $1)', [id])).toEqual([{ count: 1 }]);
  expect((await world.gateways[0]?.call(`/v1/jobs/${id}/cancel`, { method: 'POST' }))?.status).toBe(202);
  await world.settled();
  expect(await world.audit()).toEqual([]);
});
