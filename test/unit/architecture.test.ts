import { fileURLToPath } from 'node:url';
import { parse, readSources, type SourceFile } from '../support/architecture/source-files.js';
import * as walls from '../support/architecture/walls.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sources = readSources(root, 'src');
const tests = readSources(root, 'test');

/** A made-up file, to show that a wall can be run into. */
const file = (path: string, text = '', lines = 1): SourceFile => parse({ path, text: text + '\n'.repeat(lines) });

const importing = (path: string, module: string) => [file(path, `import { x } from '${module}';`)];

interface Wall {
  readonly says: string;
  readonly holds: (files: readonly SourceFile[]) => walls.Violations;
  /** Each breaks the wall, exactly once. */
  readonly broken: Readonly<Record<string, readonly SourceFile[]>>;
  /** Each looks alike and does not. */
  readonly kept: Readonly<Record<string, readonly SourceFile[]>>;
}

const WALLS: readonly Wall[] = [
  {
    says: 'an import points only up the list of layers',
    holds: walls.pointsUp,
    broken: {
      'a layer imports the one below it': importing('src/platform/clock.ts', '../http/problem.js'),
      'the top imports the bottom, as a type': [file('src/conversion/a.ts', `import type { X } from '../webhooks/callback.service.js';`)],
      'a re-export that points down': [file('src/jobs/a.ts', `export { X } from '../execution/scene.js';`)],
      'an import made at run time': [file('src/jobs/a.ts', `const x = await import('../execution/scene.js');`)],
      'a type named in place': [file('src/jobs/a.ts', `let x: import('../execution/scene.js').Scene;`)],
      'a layer that imports a root file': importing('src/jobs/a.ts', '../main.js'),
      'a folder that is no layer': [file('src/helpers/a.ts')],
      'a root file nobody knows': [file('src/other.ts')],
      'the generated client outside of platform': importing('src/jobs/a.ts', '../generated/prisma/client.js'),
    },
    kept: {
      'up': importing('src/webhooks/a.ts', '../conversion/errors.js'),
      'within the layer': importing('src/jobs/dto/a.ts', '../states.js'),
      'from the root': importing('src/main.ts', './webhooks/a.js'),
      'the generated client in platform': importing('src/platform/database.ts', '../generated/prisma/client.js'),
      'a comment': [file('src/conversion/a.ts', `// import { x } from '../jobs/a.js'`)],
    },
  },
  {
    says: 'conversion imports nothing of ours, no framework and no database',
    holds: walls.conversionIsPure,
    broken: {
      'Nest': importing('src/conversion/a.ts', '@nestjs/common'),
      'the database driver, as a type': [file('src/conversion/a.ts', `import type { Pool } from 'pg';`)],
      'our own platform': importing('src/conversion/a.ts', '../platform/env.js'),
      'another package': importing('src/conversion/a.ts', 'uuid'),
    },
    kept: {
      'itself': importing('src/conversion/a.ts', './errors.js'),
      'Node': importing('src/conversion/a.ts', 'node:stream'),
      'decimal numbers': importing('src/conversion/a.ts', 'decimal.js'),
      'JSON Schema': importing('src/conversion/a.ts', 'ajv'),
      'Nest elsewhere': importing('src/http/a.ts', '@nestjs/common'),
    },
  },
  {
    says: 'the sandbox imports nothing of ours, and nothing imports the sandbox',
    holds: walls.sandboxStandsAlone,
    broken: {
      'it imports our formats': importing('src/sandbox/engine/a.ts', '../../conversion/formats.js'),
      'we import it': importing('src/providers/a.ts', '../sandbox/main.js'),
      'even the root may not': importing('src/sandbox-process.ts', './sandbox/main.js'),
    },
    kept: { 'itself': importing('src/sandbox/a.ts', './engine/engine.js'), 'packages': importing('src/sandbox/a.ts', 'sharp') },
  },
  {
    says: 'a vendor is named in its own folder, the catalogue, the sandbox and the environment alone',
    holds: walls.vendorsAreNamedAtHome,
    broken: {
      'in code': [file('src/routing/a.ts', `const id = 'api2convert';`)],
      'in a comment, in another case': [file('src/conversion/a.ts', '// as RunConvert does')],
      'in a file name': [file('src/execution/runconvert-quirks.ts')],
      'in the other vendor\'s folder': [file('src/providers/api2convert/a.ts', '// unlike runconvert')],
    },
    kept: {
      'at home': [file('src/providers/runconvert/a.ts', `const word = 'RunConvert';`)],
      'in the catalogue': [file('src/providers/catalog.ts', `'api2convert'`)],
      'in the sandbox': [file('src/sandbox/runconvert/a.ts')],
      'in the environment': [file('src/platform/env.ts', 'API2CONVERT_API_KEY')],
    },
  },
  {
    says: 'there are no barrels',
    holds: walls.noBarrels,
    broken: { 'an index.ts': [file('src/jobs/index.ts', 'export const x = 1;')], 'another name': [file('src/jobs/all.ts', `export * from './a.js';\nexport { b } from './b.js';`)] },
    kept: { 'a re-export beside code': [file('src/jobs/a.ts', `export { b } from './b.js';\nexport const a = 1;`)], 'a name that begins so': [file('src/jobs/index-names.ts')] },
  },
  {
    says: 'there is no forwardRef',
    holds: walls.noForwardRef,
    broken: { 'an import of it': [file('src/jobs/a.ts', `import { forwardRef } from '@nestjs/common';`)], 'a use': [file('src/jobs/a.ts', 'x(nest.forwardRef(() => Y));')] },
    kept: { 'the word': [file('src/jobs/a.ts', `const x = 'forwardRef';`)] },
  },
  {
    says: 'there are no enums',
    holds: walls.noEnums,
    broken: { 'plain': [file('src/jobs/a.ts', 'enum A { B }')], 'const': [file('src/jobs/a.ts', 'export const enum A { B }')], 'declared': [file('src/jobs/a.ts', 'declare enum A { B }')] },
    kept: { 'a list of words': [file('src/jobs/a.ts', `const A = ['enum'] as const;`)] },
  },
  {
    says: 'nothing is any',
    holds: walls.noAny,
    broken: { 'a parameter': [file('src/jobs/a.ts', 'const f = (x: any) => x;')], 'a cast': [file('src/jobs/a.ts', 'const f = y as any;')], 'an element': [file('src/jobs/a.ts', 'let f: Map<string, any>;')] },
    kept: { 'the word': [file('src/jobs/a.ts', '// any number\nconst any = 1;')], 'unknown': [file('src/jobs/a.ts', 'let x: unknown;')] },
  },
  {
    says: 'a constructor has at most five parameters',
    holds: walls.fewParameters,
    broken: { 'six': [file('src/jobs/a.ts', 'class A { constructor(a: A, b: A, private readonly c: A, d: A, e: A, f: A) {} }')] },
    kept: { 'five': [file('src/jobs/a.ts', 'class A { constructor(a: A, b: A, c: A, d: A, e: A) {} }')] },
  },
  {
    says: 'files are named in kebab-case',
    holds: walls.kebabCase,
    broken: { 'camels': [file('src/jobs/jobStore.ts')], 'snakes': [file('src/jobs/job_store.ts')], 'capitals': [file('src/jobs/Job.ts')] },
    kept: { 'a suffix': [file('src/jobs/job-store.service.ts')] },
  },
  {
    says: 'no file is longer than 250 lines',
    holds: walls.shortFiles,
    broken: { '251': [file('src/jobs/a.ts', '', 251)] },
    kept: { '250': [file('src/jobs/a.ts', '', 250)] },
  },
  {
    says: 'half of the files have at most 60 lines',
    holds: walls.smallMedian,
    broken: { 'most are longer': [file('src/jobs/a.ts', '', 10), file('src/jobs/b.ts', '', 61), file('src/jobs/c.ts', '', 61)] },
    kept: { 'one is longer': [file('src/jobs/a.ts', '', 60), file('src/jobs/b.ts', '', 60), file('src/jobs/c.ts', '', 200)] },
  },
  {
    says: 'files do not import each other in circles',
    holds: walls.noCircles,
    broken: {
      'two files': [file('src/jobs/a.ts', `import './b.js';`), file('src/jobs/b.ts', `import type { A } from './a.js';`)],
      'three files': [file('src/jobs/a.ts', `import './b.js';`), file('src/jobs/b.ts', `import './c.js';`), file('src/jobs/c.ts', `import './a.js';`)],
      'a file and itself': importing('src/jobs/a.ts', './a.js'),
    },
    kept: { 'a diamond': [file('src/jobs/a.ts', `import './b.js'; import './c.js';`), file('src/jobs/b.ts', `import './d.js';`), file('src/jobs/c.ts', `import './d.js';`), file('src/jobs/d.ts')] },
  },
];

describe.each(WALLS)('$says', ({ holds, broken, kept }) => {
  it('holds in the house', () => {
    expect(holds(sources)).toEqual([]);
  });

  it.each(Object.keys(broken))('is run into by: %s', (name) => {
    expect(holds(broken[name] ?? [])).toHaveLength(1);
  });

  it.each(Object.keys(kept))('lets pass: %s', (name) => {
    expect(holds(kept[name] ?? [])).toEqual([]);
  });
});

it('the tests keep to the sizes and names as well', () => {
  expect([...walls.shortFiles(tests), ...walls.kebabCase(tests), ...walls.noAny(tests), ...walls.noEnums(tests)]).toEqual([]);
});

it('the walls were held against the whole house', () => {
  // A control: a reader that finds no files would find every wall whole.
  expect(sources.length).toBeGreaterThan(100);
  expect(sources.map(({ path }) => path)).toEqual(expect.arrayContaining([...walls.ROOT_FILES, 'src/sandbox/main.ts']));
  expect(new Set(sources.map(({ path }) => path.split('/')[1]))).toEqual(new Set([...walls.LAYERS, 'sandbox', ...walls.ROOT_FILES.map((path) => path.slice('src/'.length))]));
  expect(sources.find(({ path }) => path === 'src/gateway.ts')?.imports).toContain('./server.js');
});
