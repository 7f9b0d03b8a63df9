import { basename } from 'node:path';
import { readFixture, type FetchedFile } from '../fetching.js';
import type { PretendCloud, StoredObject, StoreKind, StoreLocation } from './pretend-cloud.js';

/** What a caller says of one of its stores, in the words of neither vendor. */
export interface StoreAccess {
  readonly store: StoreKind;
  readonly place: string;
  /** May be empty, or end in a slash, for a delivery: the file's own name is put there. */
  readonly key: string;
  /** Every credential that this kind of store needs; an empty one is missing. */
  readonly secrets: readonly string[];
}

/** Any credential that holds this is refused, as one that the store does not know. */
export const BAD_CREDENTIALS = 'bad-credentials';

/** Thrown where a store cannot be used. `reason`: what was said is not enough, the credentials are wrong, or there is no such object. */
export class StoreRefusal extends Error {
  constructor(
    readonly reason: 'incomplete' | 'credentials' | 'missing',
    message: string,
  ) {
    super(message);
  }
}

/**
 * The object behind an input: from the pretend cloud, else from the fixtures by `<place>/<key>`, else by the key's last
 * segment. Throws StoreRefusal; no message holds a credential.
 */
export async function fetchStored(access: StoreAccess, cloud: PretendCloud, fixtures: string | null): Promise<FetchedFile> {
  const location = signIn(access);
  const filename = basename(location.key);
  if (filename === '') throw new StoreRefusal('incomplete', 'The path of the file is missing.');
  const stored = cloud.find(location)?.bytes ?? (await readFixture(fixtures, `${location.place}/${location.key}`)) ?? (await readFixture(fixtures, filename));
  if (!stored) throw new StoreRefusal('missing', `There is no ${location.key} in ${location.place}.`);
  return { bytes: stored, filename };
}

/** Puts results where a caller wants them; beside each other where they are several. Throws StoreRefusal. */
export function deliver(access: StoreAccess, files: readonly { readonly filename: string; readonly contentType: string; readonly bytes: Buffer }[], cloud: PretendCloud): StoredObject[] {
  const { key, ...location } = signIn(access);
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  const named = key !== folder && files.length === 1;
  return files.map((file) => cloud.put({ ...location, key: named ? key : folder + file.filename }, file.bytes, file.contentType));
}

function signIn({ store, place, key, secrets }: StoreAccess): StoreLocation {
  if (place === '') throw new StoreRefusal('incomplete', 'The bucket, container or host is missing.');
  if (secrets.includes('')) throw new StoreRefusal('incomplete', 'A credential is missing.');
  if (secrets.some((secret) => secret.includes(BAD_CREDENTIALS))) throw new StoreRefusal('credentials', `The credentials were refused by ${place}.`);
  return { store, place, key: key.replace(/^\/+/, '') };
}
