import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a credit is worth at each vendor, and what may be spent. */
export interface Money {
  readonly prices: Readonly<Record<'api2convert' | 'runconvert', string>>;
  readonly budgets?: readonly object[];
}

export interface AccountsFile {
  readonly path: string;
  remove(): Promise<void>;
}

/** A PROVIDERS_FILE of the two accounts that the environment names, with money: whatever is done costs a credit, as far as anybody knows before. */
export async function accountsFile({ prices, budgets = [] }: Money): Promise<AccountsFile> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-fault-accounts-'));
  const path = join(folder, 'providers.json');
  const providers = Object.entries(prices).map(([id, perCredit]) => ({
    id,
    adapter: id,
    apiKey: `env:${id.toUpperCase()}_API_KEY`,
    baseUrl: `env:${id.toUpperCase()}_BASE_URL`,
    pricing: { currency: 'USD', perCredit, overrides: [{ credits: 1 }] },
  }));
  await writeFile(path, JSON.stringify({ providers, budgets }));
  return { path, remove: () => rm(folder, { recursive: true, force: true }) };
}
