import type { PlaceBody } from './job-body.js';

/** Which fields an input or export of a type has, besides `id` and `type` (and an export's `inputs`). */
export interface PlaceRule {
  readonly required: readonly (keyof PlaceBody)[];
  readonly optional: readonly (keyof PlaceBody)[];
  /** False: the contract names it, this version does not run it yet. */
  readonly built: boolean;
}

const rule = (built: boolean, required: PlaceRule['required'], optional: PlaceRule['optional'] = []): PlaceRule => ({ built, required, optional });

const STORES = {
  s3: rule(false, ['bucket', 'key'], ['region', 'endpoint', 'credentials', 'credentialsRef']),
  gcs: rule(false, ['bucket', 'key'], ['projectId', 'credentials', 'credentialsRef']),
  'azure-blob': rule(false, ['container', 'key'], ['credentials', 'credentialsRef']),
  sftp: rule(false, ['host', 'path'], ['port', 'credentials', 'credentialsRef']),
  ftp: rule(false, ['host', 'path'], ['port', 'credentials', 'credentialsRef']),
} as const;

export const INPUT_RULES: Readonly<Record<string, PlaceRule>> = {
  url: rule(true, ['url'], ['filename', 'fetch', 'headers']),
  upload: rule(true, [], ['filename', 'size', 'uploadId']),
  base64: rule(true, ['data'], ['filename']),
  ...STORES,
  'google-drive': rule(false, ['fileId'], ['credentials', 'credentialsRef']),
  'job-output': rule(false, ['jobId', 'outputId']),
};

export const EXPORT_RULES: Readonly<Record<string, PlaceRule>> = {
  ...STORES,
  'google-drive': rule(false, [], ['folderId', 'filename', 'credentials', 'credentialsRef']),
  youtube: rule(false, [], ['title', 'credentials', 'credentialsRef']),
};

/** "a", "b" or "c". */
export function oneOf(names: Iterable<string>): string {
  const quoted = [...names].map((name) => `"${name}"`);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} or ${quoted.at(-1)}`;
}
