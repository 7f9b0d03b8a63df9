import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ERROR_KINDS, JOB_ERROR_CODES } from '../../src/conversion/errors.js';
import { OPERATIONS } from '../../src/conversion/operations.js';
import { PROBLEM_CODES } from '../../src/http/problem.js';

const read = (path: string): Promise<string> => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');

/** A section's text, up to the next heading. */
async function section(heading: string): Promise<string> {
  const [, after] = (await read('README.md')).split(`\n${heading}\n`);
  if (after === undefined) throw new Error(`README.md has no section "${heading}"`);
  return after.split(/\n#{2,3} /)[0] ?? '';
}

/** What stands in backticks in one column of a section's table, in order. */
function column(text: string, index: number): string[] {
  const rows = text.split('\n').filter((line) => line.startsWith('|')).slice(2);
  return rows.flatMap((row) => [...(row.split('|')[index + 1] ?? '').matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''));
}

describe('README.md', () => {
  it('begins with the two lines, and nothing to run before them', async () => {
    const blocks = (await read('README.md')).split('```');
    expect(blocks[1]).toBe('sh\nnpm ci && npm run demo\nnpm ci && npm test\n');
  });

  it('lists the error codes of jobs as the code does, each with a line of its own', async () => {
    const text = await section('### Job error codes');
    expect(column(text, 0)).toEqual([...JOB_ERROR_CODES]);
    expect(text.split('\n').filter((line) => /^\| `\w+` \| .{20,} \|$/.test(line))).toHaveLength(JOB_ERROR_CODES.length);
  });

  it('lists the codes of problems as the code does', async () => {
    expect(column(await section('### Problems'), 1).sort()).toEqual(Object.keys(PROBLEM_CODES).concat('Retry-After').sort());
  });

  it('gives each problem its status', async () => {
    const rows = (await section('### Problems')).split('\n').filter((line) => /^\| \d/.test(line));
    for (const [code, [status]] of Object.entries(PROBLEM_CODES)) {
      expect(rows.find((row) => row.includes(`\`${code}\``))?.split('|')[1]).toContain(String(status));
    }
  });

  it('names every variable of the configuration, and no other', async () => {
    const known = [...(await read('src/platform/env.ts')).matchAll(/^ {2}([A-Z][A-Z0-9_]+): /gm)].map((match) => match[1]);
    expect(known.length).toBeGreaterThan(20);
    expect(column(await section('## Configuration'), 0).sort()).toEqual(known.sort());
  });

  it('says of every dependency why it is there', async () => {
    const { dependencies } = JSON.parse(await read('package.json')) as { dependencies: Record<string, string> };
    expect(column(await section('## Built on'), 0).sort()).toEqual(Object.keys(dependencies).sort());
  });

  it('names the operations and counts the kinds of errors', async () => {
    const text = await read('README.md');
    expect(/^Operations: (.*?)\. Inputs/m.exec(text)?.[1]).toBe([...OPERATIONS.keys()].map((name) => `\`${name}\``).join(', '));
    expect(ERROR_KINDS).toHaveLength(13);
    expect(text).toContain('one of thirteen kinds');
  });

  it('speaks only of files and scripts that are there', async () => {
    const text = await read('README.md');
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
    const files = [...text.matchAll(/`((?:src|docker|\.ci|test)\/[\w./-]+\w)`/g)].map((match) => match[1] ?? '');
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) await expect(read(file)).resolves.not.toBe('');
    for (const [, script = ''] of text.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(script);
  });
});
