import { startGateway, type Gateway } from '../support/gateway.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { ended, eventsOf, problemOf, running, sendFile, uploadJob, type JobView } from './support/rest.js';

/** The first poll comes after this: what ends before was ended by a callback. */
const POLL_MS = 3000;

let gateway: Gateway;
let database: TestDatabase;

beforeAll(async () => {
  database = await testDatabase();
  gateway = await startGateway({ DATABASE_URL: database.url, SANDBOX_SPEED_MS: '300', POLL_FLOOR_MS: String(POLL_MS), POLL_CEILING_MS: String(POLL_MS) });
});

afterAll(async () => {
  await gateway.stop();
  await database.drop();
});

const only = { routing: { only: ['api2convert'] } };

/** How long a job took from its queue on, in ms by the database's clock, and what made the gateway see its end. */
async function endOf(sent: JobView): Promise<{ status: string; ms: number; cause: string | undefined }> {
  const { status } = await ended(gateway, sent.id);
  const events = await eventsOf(gateway, sent.id);
  const [row] = await database.query<{ ms: number }>('SELECT (extract(epoch FROM ended_at - queued_at) * 1000)::float8 AS ms FROM job WHERE id = $1', [sent.id]);
  return { status, ms: row?.ms ?? NaN, cause: events.find(({ type }) => type === 'attempt.succeeded')?.cause };
}

describe('callbacks', () => {
  it('end a job at once; without them the poll ends it as well, only later', async () => {
    const [told, asked] = await Promise.all(['lighthouse.jpg', 'sandbox-no-callback.jpg'].map(async (name) => endOf(await sendFile(gateway, uploadJob(name, 'webp', only)))));
    expect(told).toMatchObject({ status: 'completed', cause: 'callback' });
    expect(asked).toMatchObject({ status: 'completed', cause: 'poll' });
    expect(asked?.ms).toBeGreaterThanOrEqual(POLL_MS * 0.9);
  });

  it('that come three times, or out of order, end it once', async () => {
    for (const name of ['sandbox-duplicate-callback-3.jpg', 'sandbox-reordered-callback.jpg']) {
      const job = await ended(gateway, (await sendFile(gateway, uploadJob(name, 'webp', only))).id);
      expect(job).toMatchObject({ status: 'completed', attempts: [{ status: 'succeeded' }] });
      expect((await eventsOf(gateway, job.id)).filter(({ type }) => type === 'job.completed')).toHaveLength(1);
    }
  });

  it('with a wrong token are 404 and write nothing', async () => {
    const { id } = await sendFile(gateway, uploadJob('sandbox-hang.jpg', 'webp', only));
    await running(gateway, id);
    const [attempt] = await database.query<{ reference: string }>('SELECT reference FROM attempt WHERE job_id = $1', [id]);
    const token = attempt?.reference ?? '';
    const wrong = token.startsWith('A') ? `B${token.slice(1)}` : `A${token.slice(1)}`;
    const call = (path: string) => fetch(`${gateway.url}/v1/callbacks/${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"id":"x","status":{"code":"completed"}}' });
    const stored = async (): Promise<unknown> => (await database.query<{ count: number }>('SELECT count(*)::int AS count FROM callback WHERE attempt_id = (SELECT id FROM attempt WHERE job_id = $1)', [id]))[0]?.count;
    const before = await stored();
    for (const path of [`api2convert/${wrong}`, `runconvert/${token}`, `api2convert/${token}x`, 'api2convert/short', `nobody/${token}`]) {
      expect(await problemOf(await call(path))).toMatchObject({ status: 404, code: 'not_found' });
    }
    expect(await stored()).toBe(before);
    // The control: the right token is taken, and a body that lies about the end ends nothing.
    expect((await call(`api2convert/${token}`)).status).toBe(204);
    expect(await stored()).not.toBe(before);
    expect((await gateway.call(`/v1/jobs/${id}/cancel`, { method: 'POST' })).status).toBe(202);
  });
});
