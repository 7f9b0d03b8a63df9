import type { ExportType } from '../../../src/conversion/job-graph.js';
import type { StageWork } from '../../../src/conversion/provider.js';
import { toJobBody } from '../../../src/providers/runconvert/mapper.js';
import { delivers } from '../../../src/providers/runconvert/places.js';
import { settingsSchema } from '../../../src/providers/runconvert/settings.js';
import { bench, idle, plain } from '../conformance/bench.js';
import { delivering, TARGETS } from '../conformance/deliveries.js';
import { harness } from './harness.js';
import { FILE, JOB_ID, MARK, ok, running, stage, toPng, uploadInput } from './stage.js';

const work = stage([uploadInput('photo', 'photo.jpg')], toPng);
const tasksOf = (staged: StageWork) => toJobBody(staged, settingsSchema.parse({})).tasks;
const CONVERT = `convert-png-${MARK}`;
const DELIVER = `deliver-bucket-${MARK}`;

it.each<[ExportType, object, object]>([
  ['s3', {}, { operation: 'export/s3', input: CONVERT, bucket: 'my-bucket', region: 'eu-west-1', access_key_id: 'AKIA-canary', secret_access_key: 'secret/access+canary', key: 'out/photo.png' }],
  ['gcs', {}, { operation: 'export/google-cloud-storage', input: CONVERT, bucket: 'my-bucket', project_id: 'my-project', client_email: 'canary@example.com', private_key: TARGETS.gcs.credentials['privateKey'], file: 'out/photo.png' }],
  ['azure-blob', {}, { operation: 'export/azure/blob', input: CONVERT, storage_account: 'account-canary', container: 'my-container', storage_access_key: 'account+key==canary', blob: 'out/photo.png' }],
  ['sftp', { port: 2222 }, { operation: 'export/sftp', input: CONVERT, host: 'sftp.example.com', port: 2222, username: 'user-canary', password: 'password "canary"', file_string: '/out/photo.png' }],
])('%s is an export task as the documents write it, beside the export of each result', (type, more, said) => {
  const tasks = tasksOf(delivering(work, type, more));
  expect(tasks[DELIVER]).toEqual(said);
  expect(tasks[`export-png-${MARK}`]).toEqual({ operation: 'export/url', input: CONVERT });
});

it('all the tasks that the steps are go into it', () => {
  const two = stage([uploadInput('a', 'a.jpg'), uploadInput('b', 'b.jpg')], { ...toPng, inputs: ['a', 'b'] });
  expect(tasksOf(delivering(two, 's3'))[DELIVER]).toMatchObject({ input: [CONVERT, `${CONVERT}-2`] });
});

it.each<[string, ExportType, object]>([
  ['endpoint', 's3', { endpoint: 'https://s3.example.com' }],
  ['sessionToken', 's3', { credentialFields: ['accessKeyId', 'secretAccessKey', 'sessionToken'] }],
  ['privateKey', 'sftp', { credentialFields: ['username', 'privateKey'] }],
])('what would be lost is not offered: %s', (word, type, more) => {
  const offer = delivers({ ...TARGETS[type].target, ...more });
  expect(offer.offered ? '' : offer.reason).toContain(word);
});

describe('a job with a delivery', () => {
  const read = async (status: string | null, ...tasks: object[]) => {
    const job = { ...running(toPng), exports: delivering(work, 's3').exports };
    return plain(await bench(harness, [ok({ id: JOB_ID, status, tasks })]).provider.read(job, idle()));
  };
  const exported = { name: `export-png-${MARK}`, operation: 'export/url', status: 'completed', result: { files: [FILE] } };
  const deliver = (status: string, more: object = {}) => ({ name: DELIVER, operation: 'export/s3', status, ...more });
  const refused = deliver('failed', { message: 'Access denied' });

  it('has its own files and no more', async () => {
    expect(await read('completed', exported, deliver('completed', { result: { files: [FILE] } }))).toMatchObject({ state: 'succeeded', results: [{ step: 'png' }], deliveries: [{ exportId: 'bucket', step: 'png', refusal: null }] });
    const { name: _name, ...nameless } = deliver('completed', { result: { files: [FILE] } });
    expect(await read('completed', exported, nameless)).toMatchObject({ results: [{ step: 'png' }], deliveries: [{ refusal: null }] });
  });

  it('keeps its files when it could not deliver them, whether it failed for that or not', async () => {
    for (const status of ['failed', 'completed', null]) {
      expect(await read(status, exported, refused)).toMatchObject({ state: 'succeeded', results: [{ step: 'png' }], deliveries: [{ refusal: expect.stringContaining('Access denied') as string }] });
    }
  });

  it('is a failure when more failed than its delivery', async () => {
    expect(await read('failed', { name: CONVERT, operation: 'convert', status: 'failed', code: 'processing_failed' }, { ...exported, status: 'failed', result: null }, refused)).toMatchObject({ state: 'failed', kind: 'conversion_failed' });
    expect(await read('failed', { ...exported, result: { files: [] } }, refused)).toMatchObject({ state: 'failed' });
  });
});
