import { EXPORT_TYPES } from '../../../src/conversion/places.js';
import { spellingsOf } from '../../../src/conversion/redaction.js';
import type { Credentials, ExportType, JobExport } from '../../../src/conversion/job-graph.js';
import type { StageExport, StageWork } from '../../../src/conversion/provider.js';
import { bench, failureOf, idle, plain, runningJob } from './bench.js';
import type { AdapterHarness } from './harness.js';

/** The plainest export of each type; each credential is a word of its own. */
export const TARGETS: Readonly<Record<ExportType, Omit<StageExport, 'steps'>>> = {
  s3: made({ type: 's3', bucket: 'my-bucket', region: 'eu-west-1', key: 'out/photo.png' }, { accessKeyId: 'AKIA-canary', secretAccessKey: 'secret/access+canary' }),
  gcs: made({ type: 'gcs', bucket: 'my-bucket', key: 'out/photo.png', projectId: 'my-project' }, { clientEmail: 'canary@example.com', privateKey: '-----BEGIN PRIVATE KEY-----\nMIIEcanary\n-----END PRIVATE KEY-----\n' }),
  'azure-blob': made({ type: 'azure-blob', container: 'my-container', key: 'out/photo.png' }, { accountName: 'account-canary', accountKey: 'account+key==canary' }),
  sftp: made({ type: 'sftp', host: 'sftp.example.com', path: '/out/photo.png' }, { username: 'user-canary', password: 'password "canary"' }),
  ftp: made({ type: 'ftp', host: 'ftp.example.com', path: '/out/photo.png' }, { username: 'user-canary', password: 'password "canary"' }),
  'google-drive': made({ type: 'google-drive', folderId: '1aB_c-D', filename: 'photo.png' }, { token: 'ya29.canary' }),
  youtube: made({ type: 'youtube', title: 'Holidays' }, { token: 'ya29.canary' }),
};

type Bare = JobExport extends infer T ? (T extends JobExport ? Omit<T, 'id' | 'inputs' | 'credentialFields'> : never) : never;

function made(target: Bare, credentials: Credentials): Omit<StageExport, 'steps'> {
  return { target: { id: 'bucket', inputs: ['png'], ...target, credentialFields: Object.keys(credentials) }, credentials };
}

export const delivering = (work: StageWork, type: ExportType, more: object = {}): StageWork => {
  const { target, credentials } = TARGETS[type];
  return { ...work, exports: [{ target: { ...target, ...more }, credentials, steps: work.steps.map(({ id }) => id) }] };
};

export function deliveryClauses(harness: AdapterHarness): void {
  const { provider } = bench(harness, []);
  const offered = EXPORT_TYPES.filter((type) => provider.delivers(TARGETS[type].target, false).offered);
  const others = EXPORT_TYPES.filter((type) => !offered.includes(type));

  describe('deliveries to stores of the caller\'s', () => {
    it('are those that the vendor has, and the others are refused with a reason', () => {
      expect([...offered].sort()).toEqual([...harness.delivered].sort());
      for (const type of others) expect(provider.delivers(TARGETS[type].target, false)).toEqual({ offered: false, reason: expect.stringMatching(/\w+ \w+ .*\.$/) as string });
    });

    it.each(harness.delivered)('%s: all of it is told in the create, the credentials there alone', async (type) => {
      const { target, credentials } = TARGETS[type];
      const { provider: speaking, http } = bench(harness, harness.answers.create);
      const created = await speaking.create(delivering(harness.work, type), idle());
      const said = JSON.stringify(http.calls[0]?.json);
      for (const value of Object.values(credentials)) {
        const spellings = spellingsOf({ value, nested: JSON.stringify(value).slice(1, -1) });
        expect(spellings.some((spelling) => said.includes(spelling))).toBe(true);
        expect(spellings.some((spelling) => `${http.calls[0]?.url} ${JSON.stringify(http.calls[0]?.headers)} ${JSON.stringify(created)}`.includes(spelling))).toBe(false);
      }
      const { id: _id, type: _type, inputs: _inputs, credentialFields: _fields, ...place } = target;
      for (const value of Object.values(place)) expect(said).toContain(JSON.stringify(value));
    });

    it.each(harness.delivered)('%s: a vendor that repeats the credentials does not get them into an error', async (type) => {
      for (const said of spellingsOf(TARGETS[type].credentials)) {
        const { provider: refused } = bench(harness, [{ status: 422, body: harness.answers.refusal(422, `No access with ${said} there, ${'x'.repeat(300)}`) }]);
        const failure = await failureOf(refused.create(delivering(harness.work, type), idle()));
        expect(`${failure.message} ${failure.code} ${failure.stack}`).not.toContain(said);
      }
    });

    it.each(others)('%s: not offered, and never sent', async (type) => {
      const { provider: silent, http } = bench(harness, harness.answers.create);
      const failure = await failureOf(silent.create(delivering(harness.work, type), idle()));
      expect([failure.kind, failure.details.created, http.calls.length]).toEqual(['unsupported', 'not_created', 0]);
    });

    it.each([['delivered', null], ['refused', expect.stringContaining('No such bucket') as string]] as const)('are read as %s, once for each step', async (outcome, refusal) => {
      const { provider: reading } = bench(harness, harness.answers.readDelivered(outcome));
      const job = { ...runningJob(harness), exports: delivering(harness.work, harness.delivered[0] ?? 's3').exports };
      expect(plain(await reading.read(job, idle()))).toMatchObject({ state: 'succeeded', deliveries: [{ exportId: 'bucket', step: 'png', refusal }] });
    });

    it('do not make a success of a job that failed', async () => {
      const { provider: reading } = bench(harness, harness.answers.readFailed);
      const job = { ...runningJob(harness), exports: delivering(harness.work, harness.delivered[0] ?? 's3').exports };
      expect((await reading.read(job, idle())).state).toBe('failed');
    });
  });
}
