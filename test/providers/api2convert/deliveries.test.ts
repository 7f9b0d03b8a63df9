import type { ExportType } from '../../../src/conversion/job-graph.js';
import type { StageWork } from '../../../src/conversion/provider.js';
import { toCreateBody } from '../../../src/providers/api2convert/mapper.js';
import { delivers } from '../../../src/providers/api2convert/places.js';
import { settingsSchema } from '../../../src/providers/api2convert/wire.js';
import { bench, idle, plain, runningJob } from '../conformance/bench.js';
import { delivering, TARGETS } from '../conformance/deliveries.js';
import { harness } from './harness.js';
import { completed, failed, jobBody, outputBody, work } from './samples.js';

const settings = (given: object = {}) => settingsSchema.parse(given);
const targetsOf = (staged: StageWork, given: object = {}) => toCreateBody(staged, settings(given)).conversion.map((conversion) => conversion.output_target);

it.each<[ExportType, object]>([
  ['s3', { type: 'amazons3', parameters: { bucket: 'my-bucket', file: 'out/photo.png', region: 'eu-west-1' }, credentials: { accesskeyid: 'AKIA-canary', secretaccesskey: 'secret/access+canary' } }],
  ['azure-blob', { type: 'azure', parameters: { container: 'my-container', file: 'out/photo.png' }, credentials: { accountname: 'account-canary', accountkey: 'account+key==canary' } }],
  ['ftp', { type: 'ftp', parameters: { host: 'ftp.example.com', file: '/out/photo.png' }, credentials: { username: 'user-canary', password: 'password "canary"' } }],
  ['google-drive', { type: 'gdrive', parameters: { folder: '1aB_c-D', file: 'photo.png' }, credentials: { token: 'ya29.canary' } }],
  ['youtube', { type: 'youtube', parameters: { title: 'Holidays' }, credentials: { token: 'ya29.canary' } }],
])('%s is an output target of the conversion', (type, said) => {
  expect(targetsOf(delivering(work, type))).toEqual([[said]]);
  expect(targetsOf(work)).toEqual([undefined]);
});

it('what no document names is called as the settings say', () => {
  const said = targetsOf(delivering(work, 'google-drive'), { outputTargets: { driveFolder: 'parent', driveFile: 'name' } });
  expect(said).toMatchObject([[{ parameters: { parent: '1aB_c-D', name: 'photo.png' } }]]);
});

it('a result that another step takes is not delivered: the vendor would keep no file of it', () => {
  const { target } = TARGETS.s3;
  expect(delivers(target, false)).toEqual({ offered: true });
  expect(delivers(target, true)).toMatchObject({ offered: false, reason: expect.stringContaining('another step') as string });
});

describe('a job with deliveries', () => {
  const twice: StageWork = { ...work, exports: [...delivering(work, 's3').exports, ...delivering(work, 'azure-blob', { id: 'copy' }).exports] };
  const targets = (...words: (string | null)[]) => [{ id: 'c-png', category: 'image', target: 'png', output_target: words.map((status) => ({ type: 'x', status })) }];
  const read = async (body: object, exports = twice.exports) => plain(await bench(harness, [{ status: 200, body }]).provider.read({ ...runningJob(harness), exports }, idle()));
  const gone = { source: 'conversion', id_source: 'c-png', code: 99, message: 'No such bucket' };

  it('has no file of its own, and needs none', async () => {
    expect(await read(completed({ output: [], conversion: targets('completed', 'completed') }))).toMatchObject({ state: 'succeeded', results: [], deliveries: [{ exportId: 'bucket', refusal: null }, { exportId: 'copy', refusal: null }] });
    expect(await read(completed({ output: [], conversion: targets('completed') }), [])).toMatchObject({ state: 'failed', kind: 'output_invalid' });
  });

  it('is given the file that the vendor keeps all the same', async () => {
    expect(await read(completed({ output: [outputBody()], conversion: targets('completed', 'completed') }))).toMatchObject({ results: [{ step: 'png' }] });
  });

  it.each(['waiting', 'uploading', 'Uploading'])('still runs while one is %s', async (word) => {
    expect(await read(completed({ output: [], conversion: targets('completed', word) }))).toEqual({ state: 'running', progress: null, word: 'uploading' });
  });

  it('shares its end with one whose status is not told', async () => {
    expect(await read(completed({ output: [], conversion: targets(null) }))).toMatchObject({ deliveries: [{ refusal: null }, { refusal: null }] });
  });

  it('tells which could not be delivered, whatever word it ends with', async () => {
    const refused = [{ exportId: 'bucket', refusal: null }, { exportId: 'copy', refusal: expect.stringContaining('No such bucket') as string }];
    expect(await read(completed({ output: [], conversion: targets('completed', 'failed'), errors: [gone] }))).toMatchObject({ state: 'succeeded', deliveries: refused });
    expect(await read({ ...failed(gone), conversion: targets('completed', 'failed') })).toMatchObject({ state: 'succeeded', deliveries: refused });
  });

  it('that failed before it came to deliver is a failure', async () => {
    expect(await read({ ...failed({ source: 'conversion', code: 1, message: 'Broken' }), conversion: targets('waiting', 'waiting') })).toMatchObject({ state: 'failed' });
    expect(await read(jobBody({ status: { code: 'failed' }, conversion: targets('waiting', 'waiting') }))).toMatchObject({ state: 'failed' });
  });
});
