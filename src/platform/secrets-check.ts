import type { Sql } from './sql.js';
import { SettingsError } from './env.js';
import { seal, unseal, Unsealable } from './sealing.js';

const NAME = 'secrets_key_check';
const PLACE = `setting/${NAME}`;

/**
 * Refuses a SECRETS_KEY other than the one that this database's credentials are sealed with: found out at the start, and not when the first
 * credential cannot be opened. The first process on a database leaves the check value there. Throws `SettingsError`.
 */
export async function checkSecretsKey(sql: Pick<Sql, 'query'>, key: Buffer): Promise<void> {
  await sql.query('INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING', [NAME, seal(key, PLACE, NAME).toString('base64')]);
  if ((await fitsSecretsKey(sql, key)) !== 'differs') return;
  throw new SettingsError(
    `SECRETS_KEY is not the key that this database's credentials are sealed with: set the one used before (without SECRETS_KEY it is the file secrets-key in DATA_DIR). Where it is lost, delete the row "${NAME}" of the table "setting", and jobs that wait with credentials will fail.`,
  );
}

/** Whether a key is the one that this database's credentials are sealed with; `none`: no process has left its check value there yet. */
export async function fitsSecretsKey(sql: Pick<Sql, 'query'>, key: Buffer): Promise<'fits' | 'differs' | 'none'> {
  const [row] = await sql.query<{ value: string }>('SELECT value FROM setting WHERE name = $1', [NAME]);
  if (row === undefined) return 'none';
  try {
    unseal(key, PLACE, Buffer.from(row.value, 'base64'));
    return 'fits';
  } catch (error) {
    if (!(error instanceof Unsealable)) throw error;
    return 'differs';
  }
}
