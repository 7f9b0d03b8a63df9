import { randomBytes, timingSafeEqual } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';

/**
 * 256 random bits as text have 43 letters, an attempt's reference never has: each kind of token is looked for in one place, so that a wrong one costs one look at
 * an index, and one that is in no shape costs none.
 */
export const isAccountToken = (token: string): boolean => /^[A-Za-z0-9_-]{43}$/.test(token);
export const isAttemptToken = (token: string): boolean => /^[A-Za-z0-9_-]{22,64}$/.test(token) && !isAccountToken(token);

const nameOf = (provider: string): string => `callback_token/${provider}`;

/** The unguessable word in the address that an account's callbacks come to: one for each account, the same for all processes and for good. */
@Injectable()
export class CallbackTokens {
  private readonly known = new Map<string, string>();

  constructor(private readonly database: Database) {}

  /** Made when it is asked for first. 256 random bits. */
  async of(provider: string): Promise<string> {
    await this.database.query('INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [nameOf(provider), randomBytes(32).toString('base64url')]);
    const token = await this.read(provider);
    if (token === null) throw new Error('the token was not written');
    return token;
  }

  async fits(provider: string, token: string): Promise<boolean> {
    const known = Buffer.from((await this.read(provider)) ?? '');
    const given = Buffer.from(token);
    return known.length > 0 && known.length === given.length && timingSafeEqual(known, given);
  }

  private async read(provider: string): Promise<string | null> {
    const known = this.known.get(provider);
    if (known !== undefined) return known;
    const [row] = await this.database.query<{ value: string }>('SELECT value FROM setting WHERE name = $1', [nameOf(provider)]);
    if (row !== undefined) this.known.set(provider, row.value);
    return row?.value ?? null;
  }
}
