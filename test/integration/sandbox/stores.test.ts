import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreLocation } from '../../../src/sandbox/cloud/pretend-cloud.js';
import type { Sandbox } from '../../../src/sandbox/sandbox.js';
import { Api2convertClient, remote } from './api2convert-client.js';
import { importing, RunConvertClient, taskOf } from './runconvert-client.js';
import { call, SAMPLES, sandboxOnFreePorts, startReceiver, textOf, until, type Json } from './support.js';

const png = { category: 'image', target: 'png' };
const SECRET = 'canary-secret';
const at = (store: StoreLocation['store'], place: string, key: string): StoreLocation => ({ store, place, key });

let sandbox: Sandbox;
let client: Api2convertClient;
let runconvert: RunConvertClient;
let harbour: Buffer;
let fixtures: string;
beforeAll(async () => {
  harbour = await readFile(join(SAMPLES, 'harbour.jpg'));
  fixtures = await mkdtemp(join(tmpdir(), 'fixtures-'));
  await mkdir(join(fixtures, 'bucket/in'), { recursive: true });
  await writeFile(join(fixtures, 'bucket/in/by-place.jpg'), harbour);
  await writeFile(join(fixtures, 'by-name.jpg'), harbour);
  sandbox = await sandboxOnFreePorts({ fixtures });
  client = new Api2convertClient(sandbox.api2convertUrl);
  runconvert = new RunConvertClient(sandbox.runconvertUrl);
});
afterEach(() => sandbox.control.reset());
afterAll(async () => {
  await sandbox.close();
  await rm(fixtures, { recursive: true });
});

const s3 = (file: string, accesskeyid = 'AKIA'): object => ({ parameters: { bucket: 'bucket', file }, credentials: { accesskeyid, secretaccesskey: SECRET } });

describe('api2convert: inputs in callers\' stores', () => {
  it.each([
    ['amazons3', at('s3', 'bucket', 'in/photo.jpg'), s3('in/photo.jpg')],
    ['azure', at('azure-blob', 'box', 'photo.jpg'), { parameters: { container: 'box', file: 'photo.jpg' }, credentials: { accountname: 'a', accountkey: SECRET } }],
    ['ftp', at('ftp', 'ftp.example', 'in/photo.jpg'), { parameters: { host: 'ftp.example', file: '/in/photo.jpg', port: 2121 }, credentials: { username: 'u', password: SECRET } }],
    ['googlecloud', at('gcs', 'bucket', 'photo.jpg'), { parameters: { projectid: 'p', bucket: 'bucket', file: 'photo.jpg' }, credentials: { keyfile: { type: 'service_account', private_key: SECRET } } }],
    ['googlecloud', at('gcs', 'bucket', 'photo.jpg'), { parameters: { projectid: 'p', bucket: 'bucket', file: 'photo.jpg' }, credentials: { keyfile: `{"private_key":"${SECRET}"}` } }],
  ])('are fetched from %s', async (source, location, descriptor) => {
    sandbox.control.cloud.put(location, harbour, 'image/jpeg');
    const job = await client.run({ input: [{ type: 'cloud', source, ...descriptor }], conversion: [png] });
    expect([job.status!.code, job.output![0]!.filename, job.input![0]!.source]).toEqual(['completed', 'photo.png', source]);
    expect(JSON.stringify(job)).not.toContain(SECRET);
  });

  it('are picked from a drive, by id and with a name', async () => {
    sandbox.control.cloud.put(at('gdrive', 'drive', '1a2b3c'), harbour, 'image/jpeg');
    const picked = { type: 'gdrive_picker', source: '1a2b3c', filename: 'holiday.jpg', content_type: 'image/jpeg', credentials: { token: SECRET } };
    const job = await client.run({ input: [picked], conversion: [png] });
    expect([job.status!.code, job.output![0]!.filename, job.input![0]!.content_type]).toEqual(['completed', 'holiday.png', 'image/jpeg']);
  });

  it('come from the fixtures too: by place and key, else by name', async () => {
    for (const file of ['in/by-place.jpg', 'anywhere/by-name.jpg']) {
      expect((await client.run({ input: [{ type: 'cloud', source: 'amazons3', ...s3(file) }], conversion: [png] })).status!.code).toBe('completed');
    }
  });

  it.each([
    ['an object that is not there', s3('nowhere.jpg'), 17],
    ['credentials that the store refuses', s3('in/by-place.jpg', 'bad-credentials'), 99],
    ['a missing credential', { parameters: { bucket: 'bucket', file: 'f' }, credentials: { secretaccesskey: SECRET } }, 99],
    ['a missing bucket', { parameters: { file: 'f' }, credentials: { accesskeyid: 'a', secretaccesskey: SECRET } }, 99],
    ['a store that nobody knows', { ...s3('in/by-place.jpg'), source: 'floppy' }, 99],
  ])('fail after the create: %s', async (_why, descriptor, code) => {
    const receiver = await startReceiver();
    const created = await client.create({ callback: receiver.url, input: [{ type: 'cloud', source: 'amazons3', ...descriptor }], conversion: [png] });
    const job = await client.ended(created.id);
    expect([job.status!.code, job.errors![0]!.source, job.errors![0]!.code, job.input![0]!.status]).toEqual(['failed', 'input', code, 'failed']);
    await until(() => receiver.received, (all) => all.length === 1);
    expect(JSON.stringify([created, job, receiver.received])).not.toContain(SECRET);
    await receiver.close();
  });
});

describe('api2convert: deliveries to callers\' stores', () => {
  const target = (more: object = {}): object => ({ type: 'amazons3', ...s3('out/result.png'), ...more });
  const targets = (job: Json): Json => job.conversion![0]!.output_target![0]!;

  it.each([
    ['amazons3', s3('out/result.png'), at('s3', 'bucket', 'out/result.png')],
    ['googlecloud', { parameters: { projectid: 'p', bucket: 'bucket', file: 'out/' }, credentials: { keyfile: SECRET } }, at('gcs', 'bucket', 'out/harbour.png')],
    ['azure', { parameters: { container: 'box', file: 'r.png' }, credentials: { accountname: 'a', accountkey: SECRET } }, at('azure-blob', 'box', 'r.png')],
    ['ftp', { parameters: { host: 'ftp.example', file: '/r.png' }, credentials: { username: 'u', password: SECRET } }, at('ftp', 'ftp.example', 'r.png')],
    ['gdrive', { parameters: { folderid: 'F1' }, credentials: { token: SECRET } }, at('gdrive', 'drive', 'F1/harbour.png')],
    ['youtube', { parameters: { title: 'Boats' }, credentials: { token: SECRET } }, at('youtube', 'channel', 'Boats')],
  ])('reach %s, and nothing stays at the vendor', async (type, descriptor, location) => {
    sandbox.control.cloud.put(at('s3', 'in', 'harbour.jpg'), harbour, 'image/jpeg');
    const input = [{ type: 'cloud', source: 'amazons3', parameters: { bucket: 'in', file: 'harbour.jpg' }, credentials: { accesskeyid: 'a', secretaccesskey: SECRET } }];
    const created = await client.create({ input, conversion: [{ ...png, output_target: [{ type, ...descriptor }] }] });
    expect(targets(created)).toMatchObject({ type, status: 'waiting', credentials: [] });
    const job = await client.ended(created.id);
    expect([job.status!.code, job.output, targets(job).status, job.spent]).toEqual(['completed', [], 'completed', 1]);
    expect(JSON.stringify(job)).not.toContain(SECRET);
    const delivered = sandbox.control.cloud.find(location);
    expect(delivered?.bytes.subarray(0, 4).toString('hex')).toBe('89504e47');
    expect(sandbox.control.ledger().deliveries).toEqual([expect.objectContaining({ vendor: 'api2convert', jobId: job.id, ...location, sha256: delivered?.sha256, size: delivered?.bytes.length })]);
  });

  it('are uploading before they are there', async () => {
    const slow = await sandboxOnFreePorts({ fixtures, speedMs: 600 });
    const other = new Api2convertClient(slow.api2convertUrl);
    const { id } = await other.create({ input: [remote('by-name.jpg')], conversion: [{ ...png, output_target: [target()] }] });
    await until(() => other.read(id), (job) => textOf(targets(job).status) === 'uploading');
    expect(textOf(targets(await other.ended(id)).status)).toBe('completed');
    await slow.close();
  });

  it('fail, and say so', async () => {
    const refused = { ...png, output_target: [target(s3('out/result.png', 'bad-credentials'))] };
    const job = await client.run({ input: [remote('by-name.jpg')], conversion: [refused] });
    expect([job.status!.code, targets(job).status, job.errors![0]!.source, job.errors![0]!.code]).toEqual(['failed', 'failed', 'conversion', 99]);
    const beside = await client.run({ input: [remote('by-name.jpg')], conversion: [refused, { ...png, target: 'webp' }] });
    expect([beside.status!.code, beside.output!.length]).toEqual(['failed', 1]);
    const unconverted = await client.run({ input: [remote('by-name.jpg')], conversion: [{ category: 'document', target: 'csv', output_target: [target()] }] });
    expect([unconverted.status!.code, unconverted.errors!.length, targets(unconverted).status]).toEqual(['failed', 1, 'waiting']);
    const lenient = await client.run({ input: [remote('by-name.jpg')], fail_on_conversion_error: false, conversion: [refused, { ...png, target: 'webp' }] });
    expect([lenient.status!.code, lenient.output!.length, lenient.warnings!.length]).toEqual(['completed', 1, 1]);
    expect(sandbox.control.ledger().deliveries).toEqual([]);
  });

  it('go to every target of a conversion, beside what another conversion keeps', async () => {
    const twice = { ...png, output_target: [target(), target({ parameters: { bucket: 'second', file: 'result.png' } })] };
    const job = await client.run({ input: [remote('by-name.jpg')], conversion: [twice, { ...png, target: 'webp' }] });
    expect([job.output!.length, job.output![0]!.filename]).toEqual([1, 'by-name.webp']);
    expect(sandbox.control.ledger().deliveries.map(({ place }) => place)).toEqual(['bucket', 'second']);
  });

  it('lie beside each other where one path was given for several results', async () => {
    await client.run({ input: [remote('by-name.jpg'), remote('by-place.jpg')].map((input) => ({ ...input, source: input.source.replace('by-place', 'by-name') })), conversion: [{ ...png, output_target: [target()] }] });
    expect(sandbox.control.ledger().deliveries.map(({ key }) => key)).toEqual(['out/by-name.png', 'out/by-name_1.png']);
  });
});

describe('RunConvert: callers\' stores', () => {
  const stores = {
    's3': [at('s3', 'bucket', 'a/photo.jpg'), { bucket: 'bucket', region: 'eu-west-1', key: 'a/photo.jpg', access_key_id: 'a', secret_access_key: SECRET }],
    'google-cloud-storage': [at('gcs', 'bucket', 'photo.jpg'), { bucket: 'bucket', project_id: 'p', file: 'photo.jpg', client_email: 'a@b', private_key: SECRET }],
    'azure/blob': [at('azure-blob', 'box', 'photo.jpg'), { container: 'box', blob: 'photo.jpg', storage_account: 'a', storage_access_key: SECRET }],
    'sftp': [at('sftp', 'sftp.example', 'in/photo.jpg'), { host: 'sftp.example', port: 22, file_string: '/in/photo.jpg', username: 'u', password: SECRET }],
  } as const;

  it.each(Object.entries(stores))('are read from and written to: %s', async (name, [location, fields]) => {
    sandbox.control.cloud.put(location, harbour, 'image/jpeg');
    const job = await runconvert.run({ a: { operation: `import/${name}`, ...fields }, b: { operation: `export/${name}`, input: 'a', ...fields } });
    expect([job.status, taskOf(job, 'a').result!.files, taskOf(job, 'b').result!.files]).toEqual(['completed', ...Array<object>(2).fill([{ filename: 'photo.jpg', size: harbour.length }])]);
    expect(JSON.stringify(job)).not.toContain(SECRET);
    expect(sandbox.control.ledger().deliveries).toEqual([expect.objectContaining({ vendor: 'runconvert', jobId: job.id, ...location, size: harbour.length })]);
  });

  it('refuse wrong credentials and objects that are not there, in the task', async () => {
    const [, fields] = stores.s3;
    const refused = await runconvert.run({ a: importing('by-name.jpg'), b: { operation: 'export/s3', input: 'a', ...fields, access_key_id: 'bad-credentials' } });
    expect(taskOf(refused, 'b')).toMatchObject({ status: 'failed', code: 'processing_failed', message: 'The file could not be exported: The credentials were refused by bucket.', result: null });
    const missing = await runconvert.run({ a: { operation: 'import/s3', ...fields, key: 'nowhere.jpg' }, b: { operation: 'export/url', input: 'a' } });
    expect([taskOf(missing, 'a').code, taskOf(missing, 'a').message, taskOf(missing, 'b').code]).toEqual(['processing_failed', 'The file could not be imported: There is no nowhere.jpg in bucket.', 'INPUT_TASK_FAILED']);
    expect(JSON.stringify([refused, missing])).not.toContain(SECRET);
    expect((await runconvert.request('/process/jobs', { json: { tasks: { a: { operation: 'import/sftp', host: 'h' } } } })).status).toBe(400);
  });
});

describe('the pretend cloud', () => {
  it('is one: what one vendor delivers the other fetches', async () => {
    await client.run({ input: [remote('by-name.jpg')], conversion: [{ ...png, output_target: [{ type: 'amazons3', ...s3('chain/photo.png') }] }] });
    const job = await runconvert.run({ a: { operation: 'import/s3', bucket: 'bucket', key: 'chain/photo.png', access_key_id: 'a', secret_access_key: SECRET }, b: { operation: 'convert', input: 'a', output_format: 'webp' } });
    expect(taskOf(job, 'b').result!.files![0]!.filename).toBe('photo.webp');
  });

  it('is seeded, listed, read and emptied over HTTP, at either vendor\'s port', async () => {
    const object = `${sandbox.runconvertUrl.replace('/v2', '/sandbox')}/cloud/s3/bucket/in/a%20photo.jpg`;
    const seeded = await fetch(object, { method: 'PUT', headers: { 'content-type': 'application/json' }, body: '{not json' });
    const sha256 = createHash('sha256').update('{not json').digest('hex');
    expect([seeded.status, await seeded.json()]).toEqual([201, expect.objectContaining({ store: 's3', place: 'bucket', key: 'in/a photo.jpg', size: 9, sha256 })]);
    expect((await call(`${sandbox.api2convertUrl.replace('/v2', '/sandbox')}/cloud`)).json.data).toHaveLength(1);
    const read = await call(object);
    expect([read.text, read.headers.get('x-sha256'), read.headers.get('content-type')]).toEqual(['{not json', sha256, expect.stringContaining('application/json')]);
    expect([(await call(object, { method: 'DELETE' })).status, (await call(object, { method: 'DELETE' })).status, (await call(object)).status]).toEqual([204, 404, 404]);
    expect((await call(object.replace('/s3/', '/floppy/'), { method: 'PUT' })).status).toBe(400);
  });
});
