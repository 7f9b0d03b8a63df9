import type { ExportBody, PlaceBody } from '../../conversion/job-body.js';
import { CREDENTIAL_RULES, EXPORT_RULES, INPUT_RULES } from '../../conversion/places.js';
import { FreeObject, Id, Text, Texts, Whole } from '../../http/fields.js';
import { StringMap } from './string-map.js';

const NEEDED = Object.entries(CREDENTIAL_RULES)
  .map(([type, { required, optional }]) => `${type}: ${[...required.map((names) => names.join(' or ')), ...optional.map((name) => `${name} where there is one`)].join(', ')}.`)
  .join(' ');

/** What inputs and exports have in common: where a file is, or goes. Which fields a type has, `conversion/places.ts` says. */
class PlaceDto implements PlaceBody {
  @Id({ about: 'Name of this input or export within the job. Default: "input-1", "export-1", …', optional: true, example: 'photo' })
  id?: string;

  type!: string;

  @Text({ about: 'A file name (never a path); its ending tells the format where nothing else does.', max: 1024, optional: true, example: 'photo.jpg' })
  filename?: string;

  @Text({ about: 's3, gcs: the bucket.', max: 255, optional: true })
  bucket?: string;

  @Text({ about: 'azure-blob: the container.', max: 255, optional: true })
  container?: string;

  @Text({ about: 's3, gcs, azure-blob: the object\'s key.', max: 1024, optional: true })
  key?: string;

  @Text({ about: 's3: the region.', max: 64, optional: true, example: 'eu-west-1' })
  region?: string;

  @Text({ about: 's3: the address of an S3-compatible server.', max: 2048, optional: true })
  endpoint?: string;

  @Text({ about: 'gcs: the project.', max: 255, optional: true })
  projectId?: string;

  @Text({ about: 'sftp, ftp: the server.', max: 255, optional: true })
  host?: string;

  @Whole({ about: 'sftp, ftp: the port.', min: 1, max: 65_535, optional: true })
  port?: number;

  @Text({ about: 'sftp, ftp: the file\'s path on the server.', max: 1024, optional: true })
  path?: string;

  @StringMap({ about: `Secrets that the place needs. They are sealed as they arrive, erased when the job has ended, and never come back. ${NEEDED}`, maxEntries: 8, maxLength: 16_384, optional: true })
  credentials?: Record<string, string>;

  @Text({ about: 'The name of credentials kept for the tenant, in place of `credentials`. Not supported by this version.', max: 64, optional: true })
  credentialsRef?: string;
}

export class InputDto extends PlaceDto {
  @Text({ about: `What kind of input it is: ${Object.keys(INPUT_RULES).join(', ')}.`, max: 32, example: 'url' })
  declare type: string;

  @Text({ about: 'url: the file\'s address (http or https). The provider fetches it.', max: 8192, optional: true, example: 'https://example.com/photo.jpg' })
  url?: string;

  @Text({ about: 'url: who fetches the file: "provider" (the default) or "gateway".', max: 16, optional: true })
  fetch?: string;

  @FreeObject({ about: 'url: headers to send when the gateway fetches the file. Their values are secrets: sealed, and never shown again.', optional: true })
  headers?: Record<string, string>;

  @Whole({ about: 'upload: the file\'s size in bytes, where it is known before.', min: 0, max: Number.MAX_SAFE_INTEGER, optional: true })
  size?: number;

  @Text({ about: 'upload: a finished resumable upload.', max: 255, optional: true })
  uploadId?: string;

  @Text({ about: 'base64: the file, as base64 or as a data URL.', max: 3_000_000, optional: true })
  data?: string;

  @Text({ about: 'google-drive: the file.', max: 255, optional: true })
  fileId?: string;

  @Text({ about: 'job-output: the job whose result this is.', max: 64, optional: true })
  jobId?: string;

  @Text({ about: 'job-output: the output of that job.', max: 64, optional: true })
  outputId?: string;
}

export class ExportDto extends PlaceDto implements ExportBody {
  @Text({ about: `Where the result goes: ${Object.keys(EXPORT_RULES).join(', ')}. The provider delivers it.`, max: 32, example: 's3' })
  declare type: string;

  @Texts({ about: 'Steps whose results are delivered. Default: those whose results no other step takes.', maxItems: 64, maxLength: 64, optional: true })
  inputs?: string[];

  @Text({ about: 'google-drive: the folder.', max: 255, optional: true })
  folderId?: string;

  @Text({ about: 'youtube: the video\'s title.', max: 255, optional: true })
  title?: string;
}
