import { safeFilename } from './filenames.js';
import type { PlaceBody } from './job-body.js';
import type { ExportType, InputType, JobInput, PlaceInput, UrlInput } from './job-graph.js';

/** Which fields an input or export of a type has, besides `id` and `type` (and an export's `inputs`). */
export interface PlaceRule {
  readonly required: readonly (keyof PlaceBody)[];
  readonly optional: readonly (keyof PlaceBody)[];
}

const rule = (required: PlaceRule['required'], optional: PlaceRule['optional'] = []): PlaceRule => ({ required, optional });

const STORES = {
  s3: rule(['bucket', 'key'], ['region', 'endpoint', 'credentials', 'credentialsRef']),
  gcs: rule(['bucket', 'key'], ['projectId', 'credentials', 'credentialsRef']),
  'azure-blob': rule(['container', 'key'], ['credentials', 'credentialsRef']),
  sftp: rule(['host', 'path'], ['port', 'credentials', 'credentialsRef']),
  ftp: rule(['host', 'path'], ['port', 'credentials', 'credentialsRef']),
};

export const INPUT_RULES: Readonly<Record<string, PlaceRule>> = {
  url: rule(['url'], ['filename', 'fetch', 'headers']),
  upload: rule([], ['filename', 'size', 'uploadId']),
  base64: rule(['data'], ['filename']),
  ...STORES,
  'google-drive': rule(['fileId'], ['credentials', 'credentialsRef']),
  'job-output': rule(['jobId', 'outputId']),
};

export const EXPORT_RULES: Readonly<Record<ExportType, PlaceRule>> = {
  ...STORES,
  'google-drive': rule([], ['folderId', 'filename', 'credentials', 'credentialsRef']),
  youtube: rule([], ['title', 'credentials', 'credentialsRef']),
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

/** Headers' values are kept as credentials are. */
export function hasHeaders(input: JobInput): input is UrlInput {
  return input.type === 'url' && (input.headerNames ?? []).length > 0;
}

/** Its bytes are with the gateway, or will be, and go to whichever provider runs the job. */
export function isHeldHere(input: JobInput): boolean {
  return input.type === 'upload' || input.type === 'job-output' || (input.type === 'url' && input.fetch === 'gateway');
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
