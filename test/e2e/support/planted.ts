import { randomBytes } from 'node:crypto';

export type Vendor = 'api2convert' | 'runconvert';

/** A place at a vendor that has it, as a caller writes it, without credentials. */
export const PLACES: readonly (readonly [vendor: Vendor, place: Readonly<Record<string, unknown>>, credentials: readonly string[]])[] = [
  ['api2convert', { type: 's3', bucket: 'my-bucket' }, ['accessKeyId', 'secretAccessKey']],
  ['api2convert', { type: 'gcs', bucket: 'my-bucket', projectId: 'my-project' }, ['clientEmail', 'privateKey']],
  ['api2convert', { type: 'azure-blob', container: 'my-container' }, ['accountName', 'accountKey']],
  ['api2convert', { type: 'ftp', host: 'ftp.example.com' }, ['username', 'password']],
  ['api2convert', { type: 'google-drive' }, ['token']],
  ['runconvert', { type: 's3', bucket: 'my-bucket', region: 'eu-west-1' }, ['accessKeyId', 'secretAccessKey']],
  ['runconvert', { type: 'gcs', bucket: 'my-bucket', projectId: 'my-project' }, ['clientEmail', 'privateKey']],
  ['runconvert', { type: 'azure-blob', container: 'my-container' }, ['accountName', 'accountKey']],
  ['runconvert', { type: 'sftp', host: 'sftp.example.com', port: 2222 }, ['username', 'password']],
];

export interface Planted {
  readonly vendor: Vendor;
  /** Stands in the file's name: by it the double knows the job, and it is no secret. */
  readonly word: string;
  readonly canaries: readonly string[];
  readonly input: Readonly<Record<string, unknown>>;
}

let words = 0;

/** The place with a secret of its own in every credential, and with a file that ends with a word of its own. */
export function plant([vendor, place, names]: (typeof PLACES)[number]): Planted {
  const word = `planted-${(words += 1)}-here`;
  const canaries = names.map(() => `canary${randomBytes(12).toString('hex')}`);
  const credentials = Object.fromEntries(names.map((name, index) => [name, name === 'privateKey' ? `-----BEGIN PRIVATE KEY-----\n${canaries[index]}\n-----END PRIVATE KEY-----\n` : (canaries[index] ?? '')]));
  const field = { ftp: 'path', sftp: 'path', 'google-drive': 'fileId' }[String(place['type'])] ?? 'key';
  return { vendor, word, canaries, input: { ...place, [field]: field === 'fileId' ? word : `in/${word}.jpg`, credentials } };
}

/** How a secret may look where somebody kept it: as it is, as bytes in the database's hex, in base64 at any offset. */
export function tracesOf(canary: string): readonly string[] {
  const base64 = [0, 1, 2].map((offset) => Buffer.from(' '.repeat(offset) + canary).toString('base64').slice(offset === 0 ? 0 : 4, -4));
  return [canary, Buffer.from(canary).toString('hex'), ...base64];
}
