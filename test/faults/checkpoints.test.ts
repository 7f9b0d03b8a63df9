import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { api2convertDouble, API2CONVERT_KEY, type Api2convertDouble } from '../doubles/api2convert-double.js';
import { multipartFields, type Answer, type RecordedRequest, type RecordingServer } from '../doubles/recording-server.js';
import { runconvertDouble, RUNCONVERT_KEY, type RunconvertDouble } from '../doubles/runconvert-double.js';
import { testDatabase, type TestDatabase } from '../support/database.js';
import { startGateway, type Gateway } from '../support/gateway.js';
import { ended, jobOf, send, until, upload } from '../e2e/support/rest.js';

let database: TestDatabase;
let files: string;
let runconvert: RunconvertDouble;
let api2convert: Api2convertDouble;
let gateway: Gateway;

beforeAll(async () => {
  [database, files, runconvert, api2convert] = await Promise.all([testDatabase(), mkdtemp(join(tmpdir(), 'gateway-files-')), runconvertDouble(), api2convertDouble()]);
  gateway = await start();
});

afterAll(async () => {
  await gateway.stop();
  await Promise.all([runconvert.close(), api2convert.close(), database.drop(), rm(files, { recursive: true, force: true })]);
});

const start = (): Promise<Gateway> =>
  startGateway({
    DATABASE_URL: database.url, STAGING_URL: `file://${files}`, POLL_FLOOR_MS: '50', POLL_CEILING_MS: '100',
    API2CONVERT_API_KEY: API2CONVERT_KEY, API2CONVERT_BASE_URL: api2convert.baseUrl, RUNCONVERT_API_KEY: RUNCONVERT_KEY, RUNCONVERT_BASE_URL: runconvert.baseUrl,
  });

/** A process that was killed cannot give its lease back; here it is waited for no longer. */
async function restart(): Promise<void> {
  await gateway.kill();
  await database.query(`UPDATE stage SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL`);
  gateway = await start();
}

interface Vendor {
  readonly name: string;
  readonly double: () => RecordingServer;
  readonly isUpload: (request: RecordedRequest) => boolean;
  readonly isCreate: (request: RecordedRequest) => boolean;
  /** The files that the vendor's job holds, in the order in which they are merged. */
  readonly files: (providerJobId: string) => readonly unknown[];
  /** Takes a file in, although nobody is told. */
  readonly takeIn: (request: RecordedRequest) => Promise<void>;
  /** As if the first file had never arrived. */
  readonly forgetFirst: (providerJobId: string) => void;
}

const runconvertTasks = (id: string) => runconvert.jobs.get(id)?.tasks ?? [];
const VENDORS: readonly Vendor[] = [
  {
    name: 'api2convert',
    double: () => api2convert,
    isUpload: ({ method, path }) => method === 'POST' && path.includes('/upload-file/'),
    isCreate: ({ method, path }) => method === 'POST' && path.endsWith('/jobs'),
    files: (id) => (api2convert.jobs.get(id)?.inputs ?? []).map((input) => input['filename']),
    takeIn: async (request) => void api2convert.latest().inputs.push({ id: 'taken', type: 'upload', filename: await filenameOf(request), size: 17 }),
    forgetFirst: (id) => void api2convert.jobs.get(id)?.inputs.splice(0, 2),
  },
  {
    name: 'runconvert',
    double: () => runconvert,
    isUpload: ({ method, path }) => method === 'POST' && path.startsWith('/upload/'),
    isCreate: ({ method, path }) => method === 'POST' && path.endsWith('/process/jobs'),
    files: (id) => {
      const merged = runconvertTasks(id).find(({ asked }) => asked['operation'] === 'merge')?.asked['input'] as string[];
      return merged.map((name) => runconvertTasks(id).find((task) => task.name === name && (task.uploaded || task.asked['operation'] === 'import/url'))?.asked['filename']);
    },
    takeIn: async () => {
      const task = runconvert.latest().tasks.find(({ asked }) => asked['operation'] === 'import/upload');
      if (task !== undefined) task.uploaded = true;
    },
    forgetFirst: (id) => {
      const task = runconvertTasks(id).find(({ asked }) => asked['operation'] === 'import/upload');
      if (task !== undefined) task.uploaded = false;
    },
  },
];

async function filenameOf(request: RecordedRequest): Promise<string> {
  const file = (await multipartFields(request)).find(({ value }) => value instanceof File)?.value;
  return file instanceof File ? file.name : '';
}

interface Story {
  readonly vendor: Vendor;
  readonly word: string;
  readonly id: string;
}

/** Two uploads with an address between them, to be merged, at a vendor that is still busy with the second. */
async function begun(vendor: Vendor, kind: string): Promise<Story> {
  const word = `${vendor.name}-${kind}`;
  const { id } = await send(gateway, {
    inputs: [{ id: 'a', type: 'upload', filename: `${word}-1.pdf` }, { id: 'm', type: 'url', url: 'https://files.example.com/a.pdf', filename: `${word}-2.pdf` }, { id: 'z', type: 'upload', filename: `${word}-3.pdf` }],
    steps: [{ operation: 'merge', to: 'pdf' }],
    routing: { only: [vendor.name] },
  });
  await upload(gateway, id, 'a', Buffer.from('%PDF-1.4 the first'));
  await upload(gateway, id, 'z', Buffer.from('%PDF-1.4 the last one'));
  return { vendor, word, id };
}

const sentOf = async ({ vendor, word }: Story): Promise<number[]> => {
  const names = await Promise.all(vendor.double().requests.filter(vendor.isUpload).map(filenameOf));
  return names.filter((name) => name.startsWith(`${word}-`)).map((name) => Number(name.slice(word.length + 1, -'.pdf'.length)));
};
const checkpoint = async ({ id }: Story) => (await database.query<{ uploaded: string[] }>('SELECT uploaded FROM attempt WHERE job_id = $1', [id])).map(({ uploaded }) => uploaded);
const forget = ({ id }: Story) => database.query(`UPDATE attempt SET uploaded = '{}' WHERE job_id = $1`, [id]);

describe.each(VENDORS.map((vendor) => [vendor.name, vendor] as const))('kill -9 between two uploads to %s', (_name, vendor) => {
  let written: Story;
  let unwritten: Story;
  let lost: Story;

  beforeAll(async () => {
    const met = new Set<string>();
    const intercept = async (request: RecordedRequest): Promise<Answer | undefined> => {
      const name = vendor.isUpload(request) ? await filenameOf(request) : '';
      if (!name.endsWith('-3.pdf') || met.has(name)) return undefined;
      met.add(name);
      return 'hang';
    };
    (vendor.name === 'api2convert' ? api2convert : runconvert).behave({ intercept });
    [written, unwritten, lost] = await Promise.all([begun(vendor, 'written'), begun(vendor, 'unwritten'), begun(vendor, 'lost')]);
    await until('the second uploads', async () => (met.size === 3 ? true : null));
    for (const story of [written, unwritten, lost]) expect(await checkpoint(story)).toEqual([['a']]);
    await gateway.kill();
    await Promise.all([forget(unwritten), forget(lost)]);
    const [row] = await database.query<{ id: string }>('SELECT provider_job_id AS id FROM attempt WHERE job_id = $1', [lost.id]);
    vendor.forgetFirst(row?.id ?? '');
    await restart();
    await Promise.all([written, unwritten, lost].map(({ id }) => ended(gateway, id)));
    expect(vendor.double().requests.filter(vendor.isCreate)).toHaveLength(3);
  });

  /** What was sent: the last file was on its way when the process died, and nobody took it. */
  async function expectOneGoodJob(story: Story, sent: readonly number[]): Promise<void> {
    const done = await ended(gateway, story.id);
    expect(done).toMatchObject({ status: 'completed', attempts: [{ provider: vendor.name, status: 'succeeded' }] });
    expect(done.attempts).toHaveLength(1);
    expect(vendor.files(done.attempts[0]?.providerJobId ?? '')).toEqual([1, 2, 3].map((place) => `${story.word}-${place}.pdf`));
    expect(await sentOf(story)).toEqual(sent);
    expect(await checkpoint(story)).toEqual([['a', 'z']]);
  }

  it('the next process sends the second alone, and the vendor\'s one job merges them in their order', () => expectOneGoodJob(written, [1, 3, 3]));

  it('what was not written down, but is at the vendor, is not sent twice', () => expectOneGoodJob(unwritten, [1, 3, 3]));

  it('the control: what is neither written down nor at the vendor is sent again', () => expectOneGoodJob(lost, [1, 3, 1, 3]));
});

describe.each(VENDORS.map((vendor) => [vendor.name, vendor] as const))('an upload to %s whose answer is lost', (_name, vendor) => {
  it.each([['came in all the same, and is not sent again', true, 1], ['did not come in, and is sent again', false, 2]])('%s; the job is one', async (_what, cameIn, sent) => {
    let uploads = 0;
    (vendor.name === 'api2convert' ? api2convert : runconvert).behave({
      intercept: async (request) => {
        if (!vendor.isUpload(request) || (uploads += 1) > 1) return undefined;
        if (cameIn) await vendor.takeIn(request);
        return 'reset';
      },
    });
    const { id } = await send(gateway, { inputs: [{ id: 'a', type: 'upload', filename: 'a.jpg' }], steps: [{ operation: 'convert', to: 'png' }], routing: { only: [vendor.name] } });
    await upload(gateway, id, 'a', Buffer.from('bytes of the file'));
    expect((await ended(gateway, id)).attempts).toMatchObject([{ provider: vendor.name, status: 'succeeded' }]);
    expect(uploads).toBe(sent);
  });
});

it('kill -9 between the start at api2convert and its commit: the vendor\'s 409 is read, and the job that runs goes on', async () => {
  let starts = 0;
  api2convert.behave({ ending: 'hold', intercept: ({ method, json }) => {
    if (method !== 'PATCH' || (json as { process?: boolean }).process !== true) return undefined;
    starts += 1;
    if (starts > 1) return { status: 409, body: { message: 'status of the job could not be changed since it is in a invalid status' } };
    api2convert.latest().started = true;
    return 'hang';
  } });
  const creates = api2convert.to('POST', /\/jobs$/).length;
  const { id } = await send(gateway, { inputs: [{ type: 'url', url: 'https://files.example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }], routing: { only: ['api2convert'] } });
  await until('the start', async () => (starts === 1 ? true : null));
  expect((await jobOf(gateway, id)).attempts).toMatchObject([{ status: 'submitting' }]);
  await restart();
  await until('the attempt to run', async () => ((await jobOf(gateway, id)).attempts[0]?.status === 'running' ? true : null));
  await sleep(100);
  expect([starts, api2convert.to('POST', /\/jobs$/).length - creates, (await jobOf(gateway, id)).attempts.length]).toEqual([2, 1, 1]);
  await gateway.call(`/v1/jobs/${id}/cancel`, { method: 'POST' });
});
