import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { STORES } from '../../src/sandbox/cloud/pretend-cloud.js';
import { SCENARIO_NAMES } from '../../src/sandbox/scenario-names.js';
import { CALLS } from '../../src/sandbox/scenario.js';

const read = (path: string): Promise<string> => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

/** What stands in backticks. */
const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

describe('README.md on the sandbox', () => {
  let chapter: string;
  beforeAll(async () => {
    chapter = (await read('README.md')).split('\n## The sandbox\n')[1]?.split('\n## ')[0] ?? '';
  });
  /** The first column of the table with that heading. */
  const column = (heading: string): string[] => {
    const rows = (chapter.split(`\n| ${heading} |`)[1] ?? '').split('\n\n')[0]?.split('\n').slice(2) ?? [];
    return rows.flatMap((row) => quoted(row.split('|')[1] ?? ''));
  };

  it('names every scenario, and no other', () => {
    expect(column('scenario').sort()).toEqual([...SCENARIO_NAMES].sort());
  });

  it('names every variable, and no other', async () => {
    const known = [...(await read('src/sandbox/settings.ts')).matchAll(/SANDBOX_[A-Z0-9_]+\b/g)].map(([name]) => name);
    expect(column('variable').sort()).toEqual([...new Set(known)].sort());
  });

  it('names every call and every kind of store', () => {
    const sentence = (start: string): string => chapter.split('\n').find((line) => line.startsWith(start)) ?? '';
    expect(quoted(sentence('`call` is')).slice(1, -1)).toEqual([...CALLS]);
    expect(quoted(sentence('**Callers\' stores**')).filter((word) => word !== 'bad-credentials')).toEqual([...STORES]);
  });
});
