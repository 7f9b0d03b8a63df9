import type { Credentials, JobExport, JobInput, PlaceInput, Store } from '../../conversion/job-graph.js';
import type { Offer } from '../../conversion/provider.js';
import { ProviderError } from '../../conversion/errors.js';
import type { Api2convertSettings } from './wire.js';

/** What a store is called, and what it takes: keys are flat and lower-case (vendor documents, "Cloud Storage"; SDK contract, "cloud inputs"). */
interface VendorStore {
  readonly name: 'amazons3' | 'googlecloud' | 'azure' | 'ftp';
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly credentials: Readonly<Record<string, string>>;
}

/** An input that the vendor fetches from a store. */
export interface StoredInput {
  readonly type: 'cloud' | 'gdrive_picker';
  readonly source: string;
  readonly parameters?: VendorStore['parameters'];
  readonly credentials: VendorStore['credentials'];
}

/** Where the vendor delivers a conversion's result. `status` is the vendor's to set. */
export interface OutputTarget {
  readonly type: VendorStore['name'] | 'gdrive' | 'youtube';
  readonly parameters: VendorStore['parameters'];
  readonly credentials: VendorStore['credentials'];
}

const OFFERED: Offer = { offered: true };
const refused = (reason: string): Offer => ({ offered: false, reason });

/** Whether a cloud input has a key for all that an input says. */
export function takes(input: JobInput): Offer {
  return input.type === 's3' || input.type === 'gcs' || input.type === 'azure-blob' || input.type === 'sftp' || input.type === 'ftp' ? reaches(input) : OFFERED;
}

/**
 * Whether an output target can be told all that an export says. What was delivered is not kept by the vendor (SDK contract, "output targets"), so a
 * result that a later step takes cannot be delivered there.
 */
export function delivers(target: JobExport, consumed: boolean): Offer {
  if (consumed) return refused('api2convert keeps no file of a result that it delivers, and another step takes this one; export a step whose result nobody takes.');
  return target.type === 'google-drive' || target.type === 'youtube' ? OFFERED : reaches(target);
}

function reaches(store: Store): Offer {
  if (store.type === 'sftp') return refused('api2convert speaks no SFTP.');
  if (store.type === 's3' && store.endpoint !== undefined) return refused('api2convert has no key for the endpoint of an S3-compatible server; it speaks to AWS alone.');
  if (store.type === 'gcs' && store.projectId === undefined) return refused('api2convert needs the projectId of a Google Cloud Storage bucket.');
  return OFFERED;
}

/** An input in a store of the caller's, as the vendor says it. */
export function toStoredInput(place: PlaceInput, credentials: Credentials): StoredInput {
  if (place.type === 'google-drive') return { type: 'gdrive_picker', source: place.fileId, credentials: given({ token: credentials['token'] }) };
  const { name, ...rest } = toVendorStore(place, credentials);
  return { type: 'cloud', source: name, ...rest };
}

/** A delivery as the vendor says it. Keys of Drive and YouTube stand in no document: `settings.outputTargets` says them. */
export function toOutputTarget(target: JobExport, credentials: Credentials, { outputTargets }: Api2convertSettings): OutputTarget {
  switch (target.type) {
    case 'google-drive':
      return { type: 'gdrive', parameters: given({ [outputTargets.driveFolder]: target.folderId, [outputTargets.driveFile]: target.filename }), credentials: given({ token: credentials['token'] }) };
    case 'youtube':
      return { type: 'youtube', parameters: given({ [outputTargets.youtubeTitle]: target.title }), credentials: given({ token: credentials['token'] }) };
    default: {
      const { name, ...rest } = toVendorStore(target, credentials);
      return { type: name, ...rest };
    }
  }
}

function toVendorStore(store: Store, credentials: Credentials): VendorStore {
  const { accessKeyId, secretAccessKey, sessionToken, clientEmail, privateKey, accountName, accountKey, username, password } = credentials;
  switch (store.type) {
    case 's3':
      return {
        name: 'amazons3',
        parameters: { bucket: store.bucket, file: store.key, ...given({ region: store.region }) },
        credentials: given({ accesskeyid: accessKeyId, secretaccesskey: secretAccessKey, sessiontoken: sessionToken }),
      };
    case 'gcs': {
      const project = store.projectId ?? '';
      // What Google's console hands out as a service account's key file, as far as it is needed to sign in.
      const keyfile = JSON.stringify({ type: 'service_account', project_id: project, private_key: privateKey, client_email: clientEmail });
      return { name: 'googlecloud', parameters: { projectid: project, bucket: store.bucket, file: store.key }, credentials: { keyfile } };
    }
    case 'azure-blob':
      return { name: 'azure', parameters: { container: store.container, file: store.key }, credentials: given({ accountname: accountName, accountkey: accountKey }) };
    case 'ftp':
      return { name: 'ftp', parameters: { host: store.host, file: store.path, ...(store.port === undefined ? {} : { port: store.port }) }, credentials: given({ username, password }) };
    case 'sftp':
      throw new ProviderError('unsupported', 'api2convert speaks no SFTP.', { created: 'not_created' });
    default:
      return store satisfies never;
  }
}

function given(fields: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined));
}
