import type { Credentials, JobExport, JobInput, PlaceInput, Store } from '../../conversion/job-graph.js';
import type { Offer } from '../../conversion/provider.js';
import { ProviderError } from '../../conversion/errors.js';

type Fields = Readonly<Record<string, unknown>>;

const OFFERED: Offer = { offered: true };
const refused = (reason: string): Offer => ({ offered: false, reason });

/** Whether the import tasks have a field for all that an input says (RunConvert documents, "Import Files"). */
export function takes(input: JobInput): Offer {
  return input.type === 's3' || input.type === 'gcs' || input.type === 'azure-blob' || input.type === 'sftp' || input.type === 'ftp' ? reaches(input) : OFFERED;
}

/** Whether the export tasks have a field for all that an export says (RunConvert documents, "Export Files"). Its results stay, so others may take them too. */
export function delivers(target: JobExport): Offer {
  return target.type === 'google-drive' || target.type === 'youtube' ? refused(`RunConvert has no export to ${target.type}.`) : reaches(target);
}

function reaches(store: Store): Offer {
  if (store.type === 'ftp') return refused('RunConvert speaks SFTP, not FTP.');
  if (store.type === 's3' && store.endpoint !== undefined) return refused('RunConvert has no field for the endpoint of an S3-compatible server; it speaks to AWS alone.');
  if (store.type === 's3' && store.credentialFields.includes('sessionToken')) return refused('RunConvert has no field for the sessionToken of S3; use keys that need none.');
  if (store.type === 'sftp' && store.credentialFields.includes('privateKey')) return refused('RunConvert has no field for the privateKey of SFTP; use a password.');
  return OFFERED;
}

/** The import task of a file in a store of the caller's. */
export function toPlaceImport(place: PlaceInput, credentials: Credentials): Fields {
  if (place.type === 'google-drive') throw noTask('import', place.type);
  return toStoreTask('import', place, credentials);
}

/** The export task of a delivery; `input` is not in it. */
export function toPlaceExport(target: JobExport, credentials: Credentials): Fields {
  if (target.type === 'google-drive' || target.type === 'youtube') throw noTask('export', target.type);
  return toStoreTask('export', target, credentials);
}

/** The documents write imports and exports alike, but for the operation. */
function toStoreTask(way: 'import' | 'export', store: Store, credentials: Credentials): Fields {
  const { accessKeyId, secretAccessKey, clientEmail, privateKey, accountName, accountKey, username, password } = credentials;
  switch (store.type) {
    case 's3':
      return { operation: `${way}/s3`, bucket: store.bucket, region: store.region, access_key_id: accessKeyId, secret_access_key: secretAccessKey, key: store.key };
    case 'gcs':
      return { operation: `${way}/google-cloud-storage`, bucket: store.bucket, project_id: store.projectId, client_email: clientEmail, private_key: privateKey, file: store.key };
    case 'azure-blob':
      return { operation: `${way}/azure/blob`, storage_account: accountName, container: store.container, storage_access_key: accountKey, blob: store.key };
    case 'sftp':
      return { operation: `${way}/sftp`, host: store.host, port: store.port ?? 22, username, password, file_string: store.path };
    case 'ftp':
      throw noTask(way, store.type);
    default:
      return store satisfies never;
  }
}

const noTask = (way: 'import' | 'export', type: string): ProviderError => new ProviderError('unsupported', `RunConvert has no ${way} for ${type}.`, { created: 'not_created' });
