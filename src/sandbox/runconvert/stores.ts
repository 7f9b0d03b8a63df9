import type { StoreAccess } from '../cloud/store-access.js';
import type { StoreKind } from '../cloud/pretend-cloud.js';
import type { JsonObject } from './job.js';

/** The fields of a store's import and export tasks ("Import Files", "Export Files"). */
interface StoreWords {
  readonly store: StoreKind;
  readonly place: string;
  readonly key: string;
  readonly secrets: readonly string[];
}

const WORDS = new Map<string, StoreWords>([
  ['s3', { store: 's3', place: 'bucket', key: 'key', secrets: ['access_key_id', 'secret_access_key'] }],
  ['google-cloud-storage', { store: 'gcs', place: 'bucket', key: 'file', secrets: ['client_email', 'private_key'] }],
  ['azure/blob', { store: 'azure-blob', place: 'container', key: 'blob', secrets: ['storage_account', 'storage_access_key'] }],
  ['sftp', { store: 'sftp', place: 'host', key: 'file_string', secrets: ['username', 'password'] }],
]);

/** The store that an `import/…` or `export/…` task means; null for one that means none. */
export function storeOf(operation: string, fields: JsonObject): StoreAccess | null {
  const words = WORDS.get(operation.slice(operation.indexOf('/') + 1));
  const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
  return words ? { store: words.store, place: text(words.place), key: text(words.key), secrets: words.secrets.map(text) } : null;
}

/** The fields without which such a task cannot be meant, as far as `fields` lacks them. */
export function missingPlace(operation: string, fields: JsonObject): string | null {
  const words = WORDS.get(operation.slice(operation.indexOf('/') + 1));
  return words ? ([words.place, words.key].find((name) => typeof fields[name] !== 'string' || fields[name] === '') ?? null) : null;
}
