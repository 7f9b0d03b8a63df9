import type { ExportBody, JobBody, StepBody } from '../../../src/conversion/job-body.js';
import { readJob } from '../../../src/conversion/read-job.js';
import { CREDENTIAL_RULES, EXPORT_TYPES } from '../../../src/conversion/places.js';

const SECRET = 'c4nary-value';
const secrets = (...names: string[]) => Object.fromEntries(names.map((name, index) => [name, `${SECRET}-${index}`]));
const EXPORTS: Readonly<Record<string, ExportBody>> = {
  s3: { type: 's3', bucket: 'b', key: 'out/photo.png', region: 'eu-west-1', credentials: secrets('accessKeyId', 'secretAccessKey') },
  gcs: { type: 'gcs', bucket: 'b', key: 'photo.png', projectId: 'p', credentials: secrets('clientEmail', 'privateKey') },
  'azure-blob': { type: 'azure-blob', container: 'c', key: 'photo.png', credentials: secrets('accountName', 'accountKey') },
  sftp: { type: 'sftp', host: 'files.example.com', port: 2222, path: '/out/photo.png', credentials: secrets('username', 'password') },
  ftp: { type: 'ftp', host: 'files.example.com', path: 'photo.png', credentials: secrets('username', 'password') },
  'google-drive': { type: 'google-drive', folderId: '1aB_c-D', filename: 'photo.png', credentials: secrets('token') },
  youtube: { type: 'youtube', title: 'Holidays', credentials: secrets('token') },
};
const toPng: StepBody = { operation: 'convert', to: 'png' };

const read = (exports: ExportBody[], more: Partial<JobBody> = {}) =>
  readJob({ inputs: [{ id: 'photo', type: 'url', url: 'https://a.example/photo.jpg' }], steps: [toPng], exports, ...more }, { providers: [], adapters: [], checkAddress: (url) => (url.includes('10.0.0.1') ? 'Private.' : null), maxUploadBytes: 1, money: { currency: 'USD', rates: {} } });
const sound = (exports: ExportBody[], more: Partial<JobBody> = {}) => {
  const result = read(exports, more);
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  return result;
};
const told = (item: ExportBody, more: Partial<JobBody> = {}) => {
  const result = read([item], more);
  return 'errors' in result ? result.errors : [];
};
const of = (type: string): ExportBody => EXPORTS[type] ?? { type };

it('every export type of the contract is tried here', () => {
  expect(Object.keys(EXPORTS).sort()).toEqual([...EXPORT_TYPES].sort());
});

describe.each(Object.entries(EXPORTS))('an export of type %s', (type, body) => {
  it('is read with all that it says, and its credentials stand beside the graph', () => {
    const { graph, credentials } = sound([body]);
    const { credentials: given, ...fields } = body;
    expect(graph.exports).toEqual([{ id: 'export-1', inputs: ['step-1'], ...fields, credentialFields: Object.keys(given ?? {}) }]);
    expect(credentials).toEqual(new Map([['export-1', given]]));
    expect(JSON.stringify(graph)).not.toContain(SECRET);
  });

  it('needs its credentials, and has no other', () => {
    expect(told({ ...body, credentials: undefined })).toMatchObject([{ pointer: '/exports/0/credentials' }]);
    const strange = told({ ...body, credentials: { ...body.credentials, pin: SECRET } });
    expect(strange).toMatchObject([{ pointer: '/exports/0/credentials/pin' }]);
    expect(JSON.stringify(strange)).not.toContain(SECRET);
    expect(CREDENTIAL_RULES[type as keyof typeof CREDENTIAL_RULES].required.length).toBeGreaterThan(0);
  });
});

it('takes by default what no step takes', () => {
  const steps: StepBody[] = [{ id: 'small', operation: 'compress' }, { id: 'png', ...toPng }];
  expect(sound([of('s3')], { steps }).graph.exports[0]?.inputs).toEqual(['png']);
  expect(sound([{ ...of('s3'), inputs: ['small'] }], { steps }).graph.exports[0]?.inputs).toEqual(['small']);
});

it('shares the namespace of inputs and steps', () => {
  expect(told({ ...of('s3'), id: 'photo' })).toMatchObject([{ pointer: '/exports/0/id' }]);
  expect(told({ ...of('s3'), id: 'step-1' })).toMatchObject([{ pointer: '/exports/0/id' }]);
  expect(sound([of('s3'), of('gcs')]).graph.exports.map(({ id }) => id)).toEqual(['export-1', 'export-2']);
});

it.each<[string, ExportBody, string, RegExp]>([
  ['a type that is not there', { type: 's33' }, '/exports/0/type', /did you mean "s3"/],
  ['a type that is only an input', { type: 'url' }, '/exports/0/type', /There are "s3"/],
  ['a field of another type', { ...of('s3'), path: '/x' }, '/exports/0/path', /has no field "path"/],
  ['a private host', { ...of('sftp'), host: '10.0.0.1' }, '/exports/0/host', /Private/],
  ['no file name', { ...of('s3'), key: 'folder/' }, '/exports/0/key', /one file/],
  ['no steps', { ...of('s3'), inputs: [] }, '/exports/0/inputs', /at least one/],
  ['a step that is not there', { ...of('s3'), inputs: ['nobody'] }, '/exports/0/inputs/0', /no step "nobody"/],
  ['an input of the job', { ...of('s3'), inputs: ['photo'] }, '/exports/0/inputs/0', /is an input/],
  ['a step named twice', { ...of('s3'), inputs: ['step-1', 'step-1'] }, '/exports/0/inputs/1', /twice/],
  ['kept credentials', { ...of('s3'), credentials: undefined, credentialsRef: 'mine' }, '/exports/0/credentialsRef', /not supported yet/],
])('refuses %s', (_what, item, pointer, message) => {
  expect(told(item)).toMatchObject([{ pointer, message: expect.stringMatching(message) as string }]);
});

it('two files never go to one place, each over the one before', () => {
  const steps: StepBody[] = [{ id: 'png', ...toPng, inputs: ['photo'] }, { id: 'jpg', operation: 'convert', to: 'jpg', inputs: ['photo'] }];
  expect(told(of('s3'), { steps })).toMatchObject([{ pointer: '/exports/0/inputs', message: expect.stringContaining('2 files') as string }]);
  expect(told({ ...of('s3'), inputs: ['png'] }, { steps })).toEqual([]);
  expect(told(of('youtube'), { steps })).toEqual([]);
});
