import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What was sealed cannot be opened: another key, another row, or changed bytes. */
export class Unsealable extends Error {
  override readonly name = 'Unsealable';

  constructor() {
    super('A sealed secret cannot be opened: SECRETS_KEY is not the one that sealed it, or the row was changed.');
  }
}

/**
 * Seals a secret with AES-256-GCM (NIST SP 800-38D): version, nonce, tag, ciphertext. `key` has 32 bytes. `place` names the row it belongs to
 * ("job/<id>/input/<id>"): sealed bytes that are moved to another row do not open there.
 */
export function seal(key: Buffer, place: string, secret: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, key, nonce).setAAD(Buffer.from(place));
  const sealed = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([VERSION]), nonce, cipher.getAuthTag(), sealed]);
}

/** Opens what `seal` made for the same place. Throws `Unsealable`. */
export function unseal(key: Buffer, place: string, sealed: Buffer): string {
  try {
    if (sealed[0] !== VERSION) throw new Unsealable();
    const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
    const tag = sealed.subarray(1 + NONCE_BYTES, 1 + NONCE_BYTES + TAG_BYTES);
    const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(place)).setAuthTag(tag);
    return decipher.update(sealed.subarray(1 + NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
  } catch {
    throw new Unsealable();
  }
}
