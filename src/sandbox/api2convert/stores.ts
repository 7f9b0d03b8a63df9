import type { StoreAccess } from '../cloud/store-access.js';
import type { StoreKind } from '../cloud/pretend-cloud.js';
import type { JsonObject } from './job.js';

/** The vendor's word for a store, and its keys: flat and lower-case (cloud storage pages). */
interface StoreWords {
  readonly store: StoreKind;
  /** The parameter that names the place; null where there is none to name. */
  readonly place: string | null;
  readonly secrets: readonly string[];
}

const WORDS = new Map<string, StoreWords>([
  ['amazons3', { store: 's3', place: 'bucket', secrets: ['accesskeyid', 'secretaccesskey'] }],
  ['googlecloud', { store: 'gcs', place: 'bucket', secrets: ['keyfile'] }],
  ['azure', { store: 'azure-blob', place: 'container', secrets: ['accountname', 'accountkey'] }],
  ['ftp', { store: 'ftp', place: 'host', secrets: ['username', 'password'] }],
  ['gdrive', { store: 'gdrive', place: null, secrets: ['token'] }],
  ['youtube', { store: 'youtube', place: null, secrets: ['token'] }],
]);

const PLACELESS = { gdrive: 'drive', youtube: 'channel' } as const;

/** The store that a cloud input or an output target means; null for a word that the vendor does not know. */
export function storeAccess(word: string, parameters: JsonObject, credentials: JsonObject): StoreAccess | null {
  const words = WORDS.get(word);
  if (!words) return null;
  const place = words.place === null ? PLACELESS[words.store as keyof typeof PLACELESS] : textOf(parameters[words.place]);
  return { store: words.store, place, key: keyOf(words.store, parameters), secrets: words.secrets.map((name) => textOf(credentials[name])) };
}

/** A file of the caller's drive, by the id that Google's picker gives. */
export function pickedFile(fileId: string, credentials: JsonObject): StoreAccess {
  return { store: 'gdrive', place: PLACELESS.gdrive, key: fileId, secrets: [textOf(credentials.token)] };
}

/** No page names the keys of the two without a bucket: `file`, within `folder` or `folderid`, and YouTube's `title`. */
function keyOf(store: StoreKind, parameters: JsonObject): string {
  const file = textOf(parameters.file) || textOf(parameters.filename);
  if (store === 'youtube') return textOf(parameters.title) || file;
  if (store !== 'gdrive') return file;
  const folder = textOf(parameters.folderid) || textOf(parameters.folder_id) || textOf(parameters.folder);
  return folder === '' ? file : `${folder}/${file}`;
}

/** A key file may be sent as the object it is, or as its text. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0 ? JSON.stringify(value) : '';
}
