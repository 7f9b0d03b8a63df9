import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type Gateway } from '../support/gateway.js';
import { bytesOf, ended, jobOf, running, sendFile, uploadJob, type JobView } from '../e2e/support/rest.js';
import { ledgerOf, startVendors } from '../e2e/support/vendors.js';

/** Long enough for a gateway to be stopped while the vendors work; most of it passes while the next one starts. */
const SPEED_MS = '4000';
/** Several whole starts, and perhaps a lease of the killed one that runs out. */
const TEST_MS = 60_000;

let vendors: Awaited<ReturnType<typeof startVendors>>;
let dataDir: string;
let gateway: Gateway | null = null;

const start = async (): Promise<Gateway> => (gateway = await startGateway({ DATA_DIR: dataDir, POLL_FLOOR_MS: '500', ...vendors.environment }));

beforeAll(async () => {
  vendors = await startVendors({ SANDBOX_SPEED_MS: SPEED_MS });
  dataDir = await mkdtemp(join(tmpdir(), 'gateway-survival-'));
  await chmod(dataDir, 0o755);
});

afterAll(async () => {
  await gateway?.stop();
  await vendors.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** A job at each vendor, both running there, and one that waits for its file. */
async function three(at: Gateway): Promise<readonly [JobView, JobView, JobView]> {
  const jobs = await Promise.all(['api2convert', 'runconvert'].map((vendor) => sendFile(at, uploadJob('lighthouse.jpg', 'webp', { routing: { only: [vendor] } }))));
  await Promise.all(jobs.map(({ id }) => running(at, id)));
  const waiting = (await (await at.call('/v1/jobs', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(uploadJob('notes.txt', 'html')) })).json()) as JobView;
  return [jobs[0] as JobView, jobs[1] as JobView, waiting];
}

/** `stopped`: when the gateway was. The control: what had ended before would prove nothing. */
async function expectNothingLost(at: Gateway, [one, other, waiting]: readonly [JobView, JobView, JobView], stopped: number): Promise<void> {
  for (const { id } of [one, other]) {
    const job = await ended(at, id, 25_000);
    expect(job).toMatchObject({ status: 'completed', attempts: [{ status: 'succeeded' }] });
    expect(job.attempts).toHaveLength(1);
    expect(Date.parse(job.endedAt ?? '')).toBeGreaterThan(stopped);
    expect((await bytesOf(at, job.outputs[0])).subarray(8, 12).toString()).toBe('WEBP');
  }
  expect((await jobOf(at, waiting.id)).status).toBe('awaiting_input');
}

describe('a gateway with its embedded database', () => {
  it('that is killed with -9 goes on where it was, while a second one on its folder is refused', async () => {
    const first = await start();
    await expect(startGateway({ DATA_DIR: dataDir, ...vendors.environment })).rejects.toThrow(new RegExp(`did not start:\\n(Taking over.*\\n)?DATA_DIR: another gateway is running on ${dataDir}\\.[^\\n]*\\n$`));
    expect((await first.call('/health/ready')).status).toBe(200);
    const jobs = await three(first);
    await first.kill();
    const killed = Date.now();
    const second = await start();
    expect(second.key).toBe(first.key);
    await expectNothingLost(second, jobs, killed);
    // What money was spent on: one job at each vendor, although the one who sent them died.
    expect((await ledgerOf(vendors)).jobs.map(({ vendor, outcome }) => [vendor, outcome]).sort()).toEqual([['api2convert', 'completed'], ['runconvert', 'completed']]);
  }, TEST_MS);

  it('stops in time on SIGTERM while jobs run, and loses none of them', async () => {
    const before = gateway as Gateway;
    const jobs = await three(before);
    const began = Date.now();
    expect(await before.stop()).toBe(0);
    const stopped = Date.now();
    expect(stopped - began).toBeLessThan(15_000);
    await expectNothingLost(await start(), jobs, stopped);
  }, TEST_MS);
});
