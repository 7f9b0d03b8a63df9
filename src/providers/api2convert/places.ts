import type { Credentials, JobInput, PlaceInput } from '../../conversion/job-graph.js';
import type { Offer } from '../../conversion/provider.js';
import { ProviderError } from '../../conversion/errors.js';

/** An input that the vendor fetches from a store: keys are flat and lower-case (SDK contract, "cloud inputs"). */
export interface StoredInput {
  readonly type: 'cloud' | 'gdrive_picker';
  readonly source: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly credentials: Readonly<Record<string, string | undefined>>;
}

const FTP_PORT = 21;

const refused = (reason: string): Offer => ({ offered: false, reason });

/** Whether a cloud input has a key for all that an input says: what the vendor's sources name no key for would be lost. */
export function takes(input: JobInput): Offer {
  if (input.type === 's3') {
    const lost = input.region !== undefined ? 'region' : input.endpoint !== undefined ? 'endpoint' : input.credentialFields.includes('sessionToken') ? 'sessionToken' : null;
    return lost === null ? { offered: true } : refused(`api2convert's S3 input has no key for a ${lost}.`);
  }
  if (input.type === 'gcs' && input.projectId === undefined) return refused('api2convert\'s Google Cloud Storage input needs the projectId.');
  if (input.type === 'ftp' && (input.port ?? FTP_PORT) !== FTP_PORT) return refused(`api2convert's FTP input has no key for a port; it uses ${FTP_PORT}.`);
  return { offered: true };
}

/** An input in a store of the caller's, as the vendor says it. */
export function toStoredInput(place: PlaceInput, credentials: Credentials): StoredInput {
  const { accessKeyId, secretAccessKey, clientEmail, privateKey, accountName, accountKey, username, password, token } = credentials;
  switch (place.type) {
    case 's3':
      return { type: 'cloud', source: 'amazons3', parameters: { bucket: place.bucket, file: place.key }, credentials: { accesskeyid: accessKeyId, secretaccesskey: secretAccessKey } };
    case 'gcs': {
      const project = place.projectId ?? '';
      // What Google's console hands out as a service account's key file, as far as it is needed to sign in.
      const keyfile = JSON.stringify({ type: 'service_account', project_id: project, private_key: privateKey, client_email: clientEmail });
      return { type: 'cloud', source: 'googlecloud', parameters: { projectid: project, bucket: place.bucket, file: place.key }, credentials: { keyfile } };
    }
    case 'azure-blob':
      return { type: 'cloud', source: 'azure', parameters: { container: place.container, file: place.key }, credentials: { accountname: accountName, accountkey: accountKey } };
    case 'ftp':
      return { type: 'cloud', source: 'ftp', parameters: { host: place.host, file: place.path }, credentials: { username, password } };
    case 'google-drive':
      return { type: 'gdrive_picker', source: place.fileId, credentials: { token } };
    case 'sftp':
      throw new ProviderError('unsupported', 'api2convert has no input for sftp.', { created: 'not_created' });
    default:
      return place satisfies never;
  }
}
