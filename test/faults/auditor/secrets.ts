import type { Breach, Check, Evidence } from './evidence.ts';

/** I5: no secret stands in a log, an answer or a table. */
export const secretsKept: Check = async ({ query, texts, canaries }) => {
  const found: string[] = [];
  for (const canary of canaries) {
    if (texts.some((text) => text.includes(canary))) found.push(`${named(canary)} stands in what the service wrote`);
    for (const table of await tablesWith(query, canary)) found.push(`${named(canary)} stands in table ${table}`);
  }
  return found.map((what): Breach => ({ rule: 'I5', what }));
};

const named = (canary: string): string => `a secret (${canary.slice(0, 12)}…)`;

async function tablesWith(query: Evidence['query'], canary: string): Promise<string[]> {
  const tables = await query<{ name: string }>(`SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`);
  const hits: string[] = [];
  for (const { name } of tables) {
    const [row] = await query<{ hit: boolean }>(`SELECT EXISTS (SELECT 1 FROM "${name}" t WHERE t::text LIKE '%' || $1 || '%') AS hit`, [canary]);
    if (row?.hit === true) hits.push(name);
  }
  return hits;
}
