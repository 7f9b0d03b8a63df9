import { safeFilename } from './filenames.js';
import type { PlaceBody } from './job-body.js';
import type { ExportType, InputType, JobInput, PlaceInput } from './job-graph.js';

/** Which fields an input or export of a type has, besides `id` and `type` (and an export's `inputs`). */
export interface PlaceRule {
  readonly required: readonly (keyof PlaceBody)[];
  readonly optional: readonly (keyof PlaceBody)[];
  /** False: the contract names it, this version does not run it yet. */
  readonly built: boolean;
}

const rule = (built: boolean, required: PlaceRule['required'], optional: PlaceRule['optional'] = []): PlaceRule => ({ built, required, optional });

const STORES = {
  s3: rule(true, ['bucket', 'key'], ['region', 'endpoint', 'credentials', 'credentialsRef']),
  gcs: rule(true, ['bucket', 'key'], ['projectId', 'credentials', 'credentialsRef']),
  'azure-blob': rule(true, ['container', 'key'], ['credentials', 'credentialsRef']),
  sftp: rule(true, ['host', 'path'], ['port', 'credentials', 'credentialsRef']),
  ftp: rule(true, ['host', 'path'], ['port', 'credentials', 'credentialsRef']),
};

export const INPUT_RULES: Readonly<Record<string, PlaceRule>> = {
  url: rule(true, ['url'], ['filename', 'fetch', 'headers']),
  upload: rule(true, [], ['filename', 'size', 'uploadId']),
  base64: rule(true, ['data'], ['filename']),
  ...STORES,
  'google-drive': rule(true, ['fileId'], ['credentials', 'credentialsRef']),
  'job-output': rule(false, ['jobId', 'outputId']),
};

export const EXPORT_RULES: Readonly<Record<ExportType, PlaceRule>> = {
  ...STORES,
  'google-drive': rule(true, [], ['folderId', 'filename', 'credentials', 'credentialsRef']),
  youtube: rule(true, [], ['title', 'credentials', 'credentialsRef']),
};

/** Which credentials a place takes. `required`: each entry is one that must be there, or several of which one must. */
export interface CredentialRule {
  readonly required: readonly (readonly string[])[];
  readonly optional: readonly string[];
}

export const CREDENTIAL_RULES: Readonly<Record<PlaceInput['type'] | ExportType, CredentialRule>> = {
  s3: { required: [['accessKeyId'], ['secretAccessKey']], optional: ['sessionToken'] },
  gcs: { required: [['clientEmail'], ['privateKey']], optional: [] },
  'azure-blob': { required: [['accountName'], ['accountKey']], optional: [] },
  sftp: { required: [['username'], ['password', 'privateKey']], optional: [] },
  ftp: { required: [['username'], ['password']], optional: [] },
  'google-drive': { required: [['token']], optional: [] },
  youtube: { required: [['token']], optional: [] },
};

/** The input types that come with credentials. */
export const PLACE_TYPES = ['s3', 'gcs', 'azure-blob', 'sftp', 'ftp', 'google-drive'] as const satisfies readonly PlaceInput['type'][];

export const EXPORT_TYPES = Object.keys(EXPORT_RULES) as readonly ExportType[];

export function isPlace(input: JobInput): input is PlaceInput {
  return (PLACE_TYPES as readonly InputType[]).includes(input.type);
}

/** The name of the file at a place, as its key or path ends; null where only the provider will know it. */
export function filenameOfPlace(place: PlaceInput): string | null {
  const last = place.type === 'google-drive' ? '' : ('key' in place ? place.key : place.path).split('/').at(-1);
  return last === undefined || last === '' ? null : safeFilename(last);
}

/** "a", "b" or "c". */
export function oneOf(names: Iterable<string>): string {
  const quoted = [...names].map((name) => `"${name}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
