import type { PlaceInput } from '../../../src/conversion/job-graph.js';
import { toCreateBody } from '../../../src/providers/api2convert/mapper.js';
import { takes } from '../../../src/providers/api2convert/places.js';
import { settingsSchema } from '../../../src/providers/api2convert/wire.js';
import { PLACES, workOver } from '../conformance/places.js';
import { work } from './samples.js';

const inputOf = (type: PlaceInput['type']) => toCreateBody(workOver(work, type), settingsSchema.parse({})).input;

it.each<[PlaceInput['type'], object]>([
  ['s3', { type: 'cloud', source: 'amazons3', parameters: { bucket: 'my-bucket', file: 'in/photo.jpg' }, credentials: { accesskeyid: 'AKIA-canary', secretaccesskey: 'secret/access+canary' } }],
  ['azure-blob', { type: 'cloud', source: 'azure', parameters: { container: 'my-container', file: 'in/photo.jpg' }, credentials: { accountname: 'account-canary', accountkey: 'account+key==canary' } }],
  ['ftp', { type: 'cloud', source: 'ftp', parameters: { host: 'ftp.example.com', file: '/in/photo.jpg' }, credentials: { username: 'user-canary', password: 'password "canary"' } }],
  ['google-drive', { type: 'gdrive_picker', source: '1aB_c-D', credentials: { token: 'ya29.canary' } }],
])('%s is said in the vendor\'s flat lower-case keys', (type, said) => {
  expect(inputOf(type)).toEqual([said]);
});

it('gcs is said with a service account\'s key file', () => {
  const [input] = inputOf('gcs') ?? [];
  expect(input).toMatchObject({ type: 'cloud', source: 'googlecloud', parameters: { projectid: 'my-project', bucket: 'my-bucket', file: 'in/photo.jpg' } });
  const { keyfile } = (input as unknown as { credentials: { keyfile: string } }).credentials;
  expect(JSON.parse(keyfile)).toEqual({ type: 'service_account', project_id: 'my-project', private_key: PLACES.gcs.credentials['privateKey'], client_email: 'canary@example.com' });
});

it.each<[string, PlaceInput['type'], object]>([
  ['endpoint', 's3', { endpoint: 'https://s3.example.com' }],
  ['projectId', 'gcs', { projectId: undefined }],
  ['SFTP', 'sftp', {}],
])('what would be lost is not offered: %s', (word, type, more) => {
  const offer = takes({ ...PLACES[type].place, ...more });
  expect(offer.offered ? '' : offer.reason).toContain(word);
});

it('region, session token and port are said where the caller says them', () => {
  const s3 = workOver(work, 's3', { region: 'eu-west-1' });
  const [input] = s3.inputs;
  if (input?.source.type !== 'place') throw new Error('no place');
  const temporary = { ...s3, inputs: [{ ...input, source: { ...input.source, credentials: { ...input.source.credentials, sessionToken: 'session' } } }] };
  expect(toCreateBody(temporary, settingsSchema.parse({})).input).toMatchObject([{ parameters: { region: 'eu-west-1' }, credentials: { sessiontoken: 'session' } }]);
  expect(toCreateBody(workOver(work, 'ftp', { port: 2121 }), settingsSchema.parse({})).input).toMatchObject([{ parameters: { port: 2121 } }]);
});
