import { readEnv, SettingsError } from '../../../src/platform/env.js';

const read = (HISTORY_DAYS: string) => readEnv({ DATABASE_URL: 'postgresql://nobody@127.0.0.1/none', ADMIN_API_KEY: 'a-key', SECRETS_KEY: Buffer.alloc(32).toString('base64'), HISTORY_DAYS }).raw.HISTORY_DAYS;

it('HISTORY_DAYS is a whole number from 1 to 3650, and 90 if nobody says', () => {
  expect(['', '1', '3650'].map(read)).toEqual([90, 1, 3650]);
  for (const wrong of ['0', '3651', '1.5', '-1', 'P90D', '90 ']) expect(() => read(wrong)).toThrow(new SettingsError('HISTORY_DAYS must be a whole number from 1 to 3650.'));
});
