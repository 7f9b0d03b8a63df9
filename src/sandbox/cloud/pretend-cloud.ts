import { createHash } from 'node:crypto';
import { Storage } from '../storage.js';

/** Kinds of stores that either vendor reaches. */
export const STORES = ['s3', 'gcs', 'azure-blob', 'ftp', 'sftp', 'gdrive', 'youtube'] as const;
export type StoreKind = (typeof STORES)[number];

/** Where an object lies: `place` is a bucket, a container or a host; `drive` and `channel` for the two that have none. */
export interface StoreLocation {
  readonly store: StoreKind;
  readonly place: string;
  /** Path within, without a slash in front. */
  readonly key: string;
}

export interface StoredObject extends StoreLocation {
  readonly bytes: Buffer;
  readonly contentType: string;
  /** Hex. */
  readonly sha256: string;
  readonly storedAt: Date;
}

/** All the stores of all callers, in memory: what one job delivers another may fetch, at either vendor. */
export class PretendCloud {
  private readonly objects = new Map<string, StoredObject>();
  private storage = new Storage();

  /** Stores an object, over one that was there. */
  put({ store, place, key }: StoreLocation, bytes: Buffer, contentType: string): StoredObject {
    const object = { store, place, key, bytes, contentType, sha256: createHash('sha256').update(bytes).digest('hex'), storedAt: new Date() };
    const name = nameOf(object);
    this.objects.set(name, object);
    this.storage.keep(bytes.length, () => {
      if (this.objects.get(name) === object) this.objects.delete(name);
    });
    return object;
  }

  find(location: StoreLocation): StoredObject | null {
    return this.objects.get(nameOf(location)) ?? null;
  }

  /** Oldest first. */
  list(): StoredObject[] {
    return [...this.objects.values()];
  }

  remove(location: StoreLocation): boolean {
    return this.objects.delete(nameOf(location));
  }

  clear(): void {
    this.objects.clear();
    this.storage = new Storage();
  }
}

export function isStoreKind(word: string): word is StoreKind {
  return (STORES as readonly string[]).includes(word);
}

function nameOf({ store, place, key }: StoreLocation): string {
  return [store, place, key].join('\0');
}
