import type { Credentials, JobInput, PlaceInput } from '../../conversion/job-graph.js';
import type { Offer } from '../../conversion/provider.js';
import { ProviderError } from '../../conversion/errors.js';

type Fields = Readonly<Record<string, unknown>>;

const refused = (reason: string): Offer => ({ offered: false, reason });

/** Whether the import tasks have a field for all that an input says (RunConvert documents, "Import Files"). */
export function takes(input: JobInput): Offer {
  if (input.type === 's3' && input.endpoint !== undefined) return refused('RunConvert\'s S3 import has no field for an endpoint; it reads from AWS alone.');
  if (input.type === 's3' && input.credentialFields.includes('sessionToken')) return refused('RunConvert\'s S3 import has no field for a sessionToken; use keys that need none.');
  if (input.type === 'sftp' && input.credentialFields.includes('privateKey')) return refused('RunConvert\'s SFTP import has no field for a privateKey; use a password.');
  return { offered: true };
}

/** The import task of a file in a store of the caller's. */
export function toPlaceImport(place: PlaceInput, credentials: Credentials): Fields {
  const { accessKeyId, secretAccessKey, clientEmail, privateKey, accountName, accountKey, username, password } = credentials;
  switch (place.type) {
    case 's3':
      return { operation: 'import/s3', bucket: place.bucket, region: place.region, access_key_id: accessKeyId, secret_access_key: secretAccessKey, key: place.key };
    case 'gcs':
      return { operation: 'import/google-cloud-storage', bucket: place.bucket, project_id: place.projectId, client_email: clientEmail, private_key: privateKey, file: place.key };
    case 'azure-blob':
      return { operation: 'import/azure/blob', storage_account: accountName, container: place.container, storage_access_key: accountKey, blob: place.key };
    case 'sftp':
      return { operation: 'import/sftp', host: place.host, port: place.port ?? 22, username, password, file_string: place.path };
    case 'ftp':
    case 'google-drive':
      throw new ProviderError('unsupported', `RunConvert has no import for ${place.type}.`, { created: 'not_created' });
    default:
      return place satisfies never;
  }
}
