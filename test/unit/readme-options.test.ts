import { readFile } from 'node:fs/promises';
import { UNIFIED_OPTIONS } from '../../src/conversion/unified-options.js';
import { OPTIONS as API2CONVERT } from '../../src/providers/api2convert/options.js';
import { OPTIONS as RUNCONVERT } from '../../src/providers/runconvert/options.js';

it('README.md tells of every unified option what becomes of it at each vendor', async () => {
  const text = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const table = text.slice(text.indexOf('| option | of |')).split('\n\n')[0]?.split('\n').slice(2) ?? [];
  const told = table.flatMap((line) => {
    const [, names = '', of = '', , one, other] = line.split('|').map((cell) => cell.trim());
    return [...names.matchAll(/`(\w+)`/g)].map(([, name]) => `${name} ${of.replaceAll('`', '')} ${one} ${other}`);
  });
  const known = [...UNIFIED_OPTIONS.values()].map(({ name, operations }) => `${name} ${operations.join(', ')} ${[API2CONVERT, RUNCONVERT].map(({ row }) => row(operations[0] ?? '', name)?.kind).join(' ')}`);
  expect(told.sort()).toEqual(known.sort());
});
