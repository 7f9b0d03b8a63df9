import type { PlaceBody } from '../../../src/conversion/job-body.js';
import { readJob } from '../../../src/conversion/read-job.js';
import { CREDENTIAL_RULES, filenameOfPlace, isPlace, PLACE_TYPES } from '../../../src/conversion/places.js';
import { checkUrl, EgressRefused } from '../../../src/platform/egress.js';
import { formatOfInput } from '../../../src/conversion/graph-formats.js';

const SECRET = 'c4nary-value';
const PLACES: Readonly<Record<string, PlaceBody>> = {
  s3: { type: 's3', bucket: 'b', key: 'in/photo.jpg', region: 'eu-west-1', endpoint: 'https://s3.example.com', credentials: { accessKeyId: `${SECRET}-1`, secretAccessKey: `${SECRET}-2`, sessionToken: `${SECRET}-3` } },
  gcs: { type: 'gcs', bucket: 'b', key: 'photo.jpg', projectId: 'p', credentials: { clientEmail: `${SECRET}-1`, privateKey: `-----BEGIN\n${SECRET}-2\n` } },
  'azure-blob': { type: 'azure-blob', container: 'c', key: 'photo.jpg', credentials: { accountName: `${SECRET}-1`, accountKey: `${SECRET}-2` } },
  sftp: { type: 'sftp', host: 'files.example.com', port: 2222, path: '/in/photo.jpg', credentials: { username: `${SECRET}-1`, privateKey: `${SECRET}-2` } },
  ftp: { type: 'ftp', host: '93.184.216.34', path: 'photo.jpg', credentials: { username: `${SECRET}-1`, password: `${SECRET}-2` } },
  'google-drive': { type: 'google-drive', fileId: '1aB_c-D', credentials: { token: `${SECRET}-1` } },
};

const checkAddress = (url: string): string | null => {
  try {
    checkUrl(url, { allow: [] });
    return null;
  } catch (error) {
    return (error as EgressRefused).message;
  }
};
const read = (...inputs: PlaceBody[]) =>
  readJob({ inputs, steps: [{ operation: 'convert', to: 'png' }] }, { providers: [], adapters: [], checkAddress, maxUploadBytes: 1, money: { currency: 'USD', rates: {} } });
const told = (input: PlaceBody) => {
  const result = read(input);
  return 'errors' in result ? result.errors : [];
};
const place = (type: string): PlaceBody => PLACES[type] ?? { type };

it('every type that has credentials is tried here', () => {
  expect(Object.keys(PLACES).sort()).toEqual([...PLACE_TYPES].sort());
});

describe.each(Object.entries(PLACES))('an input of type %s', (type, body) => {
  it('is read, and its credentials stand beside the graph', () => {
    const result = read({ id: 'mine', ...body });
    if ('errors' in result) throw new Error(JSON.stringify(result.errors));
    const { credentials, ...fields } = body;
    expect(result.graph.inputs).toEqual([{ id: 'mine', ...fields, credentialFields: Object.keys(credentials ?? {}) }]);
    expect([...result.credentials]).toEqual([['mine', credentials]]);
    expect(JSON.stringify(result.graph)).not.toContain(SECRET);
  });

  it('is refused without credentials, at their pointer', () => {
    expect(told({ ...body, credentials: undefined })).toEqual([{ pointer: '/inputs/0/credentials', message: expect.stringContaining(`"${type}" needs "credentials"`) as string }]);
    expect(told({ ...body, credentials: [] as never }).map(({ pointer }) => pointer)).toEqual(['/inputs/0/credentials']);
  });

  it('is refused with stored credentials, with a sentence', () => {
    expect(told({ ...body, credentials: undefined, credentialsRef: 'mine' })).toEqual([{ pointer: '/inputs/0/credentialsRef', message: expect.stringContaining('not supported yet') as string }]);
  });

  it('needs each of its credentials, and takes no other', () => {
    const missing = told({ ...body, credentials: {} });
    expect(missing).toHaveLength(CREDENTIAL_RULES[type as keyof typeof CREDENTIAL_RULES].required.length);
    expect(missing.every(({ pointer }) => pointer.startsWith('/inputs/0/credentials/'))).toBe(true);
    expect(told({ ...body, credentials: { ...body.credentials, passphrase: SECRET } })).toEqual([{ pointer: '/inputs/0/credentials/passphrase', message: expect.stringContaining('no such credential') as string }]);
  });

  it.each([['empty', ''], ['blank', ' '], ['a number', 7 as never], ['null', null as never], ['an object', {} as never], ['endless', `${SECRET}${'x'.repeat(16_384)}`], ['NUL', `${SECRET}\0`]])('refuses credentials that are %s, without repeating them', (what, value) => {
    for (const name of Object.keys(body.credentials ?? {})) {
      if (what === 'NUL' && name === 'privateKey') continue;
      const errors = told({ ...body, credentials: { ...body.credentials, [name]: value } });
      expect(errors.map(({ pointer }) => pointer)).toEqual([`/inputs/0/credentials/${name}`]);
      expect(JSON.stringify(errors)).not.toContain(SECRET);
    }
  });
});

it.each<[string, PlaceBody, string]>([
  ['no bucket', { ...place('s3'), bucket: '' }, '/inputs/0/bucket'],
  ['a bucket with a slash', { ...place('gcs'), bucket: 'a/b' }, '/inputs/0/bucket'],
  ['no container', { ...place('azure-blob'), container: undefined }, '/inputs/0/container'],
  ['an empty key', { ...place('s3'), key: ' ' }, '/inputs/0/key'],
  ['a folder as key', { ...place('azure-blob'), key: 'in/' }, '/inputs/0/key'],
  ['a key with a line break', { ...place('gcs'), key: 'a\r\nb' }, '/inputs/0/key'],
  ['a region with spaces', { ...place('s3'), region: 'eu west' }, '/inputs/0/region'],
  ['an endpoint on this machine', { ...place('s3'), endpoint: 'http://127.0.0.1:9000' }, '/inputs/0/endpoint'],
  ['an endpoint that is no URL', { ...place('s3'), endpoint: 'minio' }, '/inputs/0/endpoint'],
  ['an empty project', { ...place('gcs'), projectId: '' }, '/inputs/0/projectId'],
  ['an empty path', { ...place('sftp'), path: '' }, '/inputs/0/path'],
  ['port 0', { ...place('ftp'), port: 0 }, '/inputs/0/port'],
  ['port 65536', { ...place('sftp'), port: 65_536 }, '/inputs/0/port'],
  ['half a port', { ...place('sftp'), port: 22.5 }, '/inputs/0/port'],
  ['an empty file id', { ...place('google-drive'), fileId: '' }, '/inputs/0/fileId'],
  ['a field of another type', { ...place('ftp'), bucket: 'b' }, '/inputs/0/bucket'],
])('%s is refused at its pointer', (_what, body, pointer) => {
  expect(told(body).map((error) => error.pointer)).toEqual([pointer]);
});

it.each(['127.0.0.1', '10.0.0.7', '169.254.169.254', '0x7f.1', '2130706433', '127.1', 'localhost', 'files.localhost', '::1', '[::1]', '::ffff:127.0.0.1', 'fd00::1', '0.0.0.0', '', 'a b', 'user@h.example', 'h.example/x', 'h.example:22', 'sftp://h.example', 'h.example?x', 'h.example#x', 'a\\b', 'h%2eexample'])(
  'the host "%s" is refused', (host) => {
    for (const type of ['sftp', 'ftp']) expect(told({ ...place(type), host }).map(({ pointer }) => pointer)).toEqual(['/inputs/0/host']);
  },
);

it.each(['files.example.com', 'FILES.example.com', '93.184.216.34', '2606:2800:220:1::1', '[2606:2800:220:1::1]', 'dateien-ä.example'])('the host "%s" is taken', (host) => {
  expect(told({ ...place('sftp'), host })).toEqual([]);
});

it('the file\'s name, and so its format, is how key or path ends', () => {
  const result = read(place('s3'), place('sftp'), place('google-drive'), { ...place('azure-blob'), key: 'a/b.TAR.GZ' });
  if ('errors' in result) throw new Error(JSON.stringify(result.errors));
  expect(result.graph.inputs.filter(isPlace).map((input) => [filenameOfPlace(input), formatOfInput(input)])).toEqual([['photo.jpg', 'jpg'], ['photo.jpg', 'jpg'], [null, null], ['b.TAR.GZ', 'tar.gz']]);
});
