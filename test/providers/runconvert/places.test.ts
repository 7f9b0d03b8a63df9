import type { PlaceInput } from '../../../src/conversion/job-graph.js';
import type { ErrorKind } from '../../../src/conversion/errors.js';
import { toJobBody } from '../../../src/providers/runconvert/mapper.js';
import { takes } from '../../../src/providers/runconvert/places.js';
import { settingsSchema } from '../../../src/providers/runconvert/settings.js';
import { bench, idle } from '../conformance/bench.js';
import { PLACES, workOver } from '../conformance/places.js';
import { harness } from './harness.js';
import { JOB_ID, MARK, ok, running, stage, toPng } from './stage.js';

const importOf = (type: PlaceInput['type'], more: object = {}) => toJobBody(workOver(stage([], toPng), type, more), settingsSchema.parse({})).tasks[`import-photo-${MARK}`];

it.each<[PlaceInput['type'], object, object]>([
  ['s3', { region: 'us-east-1' }, { operation: 'import/s3', bucket: 'my-bucket', region: 'us-east-1', access_key_id: 'AKIA-canary', secret_access_key: 'secret/access+canary', key: 'in/photo.jpg' }],
  ['s3', {}, { operation: 'import/s3', bucket: 'my-bucket', access_key_id: 'AKIA-canary', secret_access_key: 'secret/access+canary', key: 'in/photo.jpg' }],
  ['gcs', {}, { operation: 'import/google-cloud-storage', bucket: 'my-bucket', project_id: 'my-project', client_email: 'canary@example.com', private_key: PLACES.gcs.credentials['privateKey'], file: 'in/photo.jpg' }],
  ['azure-blob', {}, { operation: 'import/azure/blob', storage_account: 'account-canary', container: 'my-container', storage_access_key: 'account+key==canary', blob: 'in/photo.jpg' }],
  ['sftp', { port: 2222 }, { operation: 'import/sftp', host: 'sftp.example.com', port: 2222, username: 'user-canary', password: 'password "canary"', file_string: '/in/photo.jpg' }],
  ['sftp', {}, { operation: 'import/sftp', host: 'sftp.example.com', port: 22, username: 'user-canary', password: 'password "canary"', file_string: '/in/photo.jpg' }],
])('%s is an import task as the documents write it', (type, more, said) => {
  expect(importOf(type, more)).toEqual(said);
});

it.each<[string, PlaceInput['type'], object]>([
  ['endpoint', 's3', { endpoint: 'https://s3.example.com' }],
  ['sessionToken', 's3', { credentialFields: ['accessKeyId', 'secretAccessKey', 'sessionToken'] }],
  ['privateKey', 'sftp', { credentialFields: ['username', 'privateKey'] }],
])('what would be lost is not offered: %s', (word, type, more) => {
  const offer = takes({ ...PLACES[type].place, ...more });
  expect(offer.offered ? '' : offer.reason).toContain(word);
});

it.each<[string, string, ErrorKind]>([
  ['import/s3', 'processing_failed', 'source_unreachable'],
  ['import/google-cloud-storage', 'invalid_credentials', 'source_unreachable'],
  ['import/azure/blob', 'processing_failed', 'source_unreachable'],
  ['import/sftp', 'insufficient_permission', 'source_unreachable'],
  ['import/sftp', 'insufficient_credits', 'quota_exhausted'],
  ['import/base64', 'processing_failed', 'conversion_failed'],
])('%s that fails with %s is %s', async (operation, code, kind) => {
  const tasks = [{ id: 't1', name: `import-photo-${MARK}`, operation, status: 'failed', code, message: 'It failed.' }];
  const { provider } = bench(harness, [ok({ id: JOB_ID, status: 'failed', tasks })]);
  const report = await provider.read(running(toPng), idle());
  expect(report.state === 'failed' ? report.error.kind : report).toBe(kind);
});
