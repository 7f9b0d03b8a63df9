import { posix } from 'node:path';
import type { SourceFile } from './source-files.js';

/** What is wrong, each in one sentence that names the file. */
export type Violations = readonly string[];

/** Top to bottom: an import points only up. */
export const LAYERS = ['conversion', 'platform', 'http', 'accounts', 'files', 'providers', 'routing', 'jobs', 'execution', 'webhooks', 'simulator'] as const;
/** Where everything is put together. */
export const ROOT_FILES = ['src/main.ts', 'src/gateway.ts', 'src/app.module.ts', 'src/server.ts', 'src/closing.ts', 'src/sandbox-process.ts', 'src/doctor.ts', 'src/doctor-catalogue.ts', 'src/doctor-checks.ts', 'src/doctor-live.ts', 'src/doctor-report.ts'];

const VENDORS = ['api2convert', 'runconvert'];
/** Places that may name every vendor: the catalogue, the box that stands in for them, and the words of the environment. */
const NAMING = /^src\/(?:sandbox\/|providers\/catalog\.ts$|platform\/env\.ts$|sandbox-process\.ts$|gateway\.ts$)/;

export const LONGEST_FILE = 250;
export const LARGEST_MEDIAN = 60;
const MOST_PARAMETERS = 5;

const areaOf = (path: string): string => /^src\/([^/]+)\//.exec(path)?.[1] ?? '';
const isOurs = (module: string): boolean => module.startsWith('.');
/** The .ts file that a relative import means. */
const targetOf = (from: string, module: string): string => posix.join(posix.dirname(from), module).replace(/\.js$/, '.ts');

/** Imports of our own files, each with where it comes from and leads. */
function ownImports(files: readonly SourceFile[]): { readonly from: string; readonly to: string }[] {
  return files.flatMap(({ path, imports }) => imports.filter(isOurs).map((module) => ({ from: path, to: targetOf(path, module) })));
}

/** Every file lies in a layer, in the sandbox, or is one of the root files; and imports only from its own layer and those above it. */
export function pointsUp(files: readonly SourceFile[]): Violations {
  const rank = (path: string): number => (LAYERS as readonly string[]).indexOf(areaOf(path));
  const homeless = files.filter(({ path }) => rank(path) < 0 && areaOf(path) !== 'sandbox' && !ROOT_FILES.includes(path)).map(({ path }) => `${path} lies in no layer`);
  const down = ownImports(files)
    .filter(({ from, to }) => rank(from) >= 0 && areaOf(to) !== 'sandbox' && areaOf(to) !== 'generated' && (rank(to) < 0 || rank(to) > rank(from)))
    .map(({ from, to }) => `${from} imports ${to}, which lies below it`);
  // What is generated is the database's client: only the one place for the database may see it.
  const generated = ownImports(files).filter(({ from, to }) => areaOf(to) === 'generated' && areaOf(from) !== 'platform').map(({ from }) => `${from} imports generated code; only src/platform may`);
  return [...homeless, ...down, ...generated];
}

/** Values in, values out: decimal numbers, and JSON Schema. */
const PURE: ReadonlySet<string> = new Set(['decimal.js', 'ajv']);

/** The contract's core knows neither a framework nor a database: Node's own modules and a few pure packages are all it may use. */
export function conversionIsPure(files: readonly SourceFile[]): Violations {
  return files
    .filter(({ path }) => areaOf(path) === 'conversion')
    .flatMap(({ path, imports }) => imports.filter((module) => !allowed(path, module)).map((module) => `${path} imports ${module}`));
  function allowed(path: string, module: string): boolean {
    return isOurs(module) ? areaOf(targetOf(path, module)) === 'conversion' : module.startsWith('node:') || PURE.has(module);
  }
}

export function sandboxStandsAlone(files: readonly SourceFile[]): Violations {
  return ownImports(files)
    .filter(({ from, to }) => (areaOf(from) === 'sandbox') !== (areaOf(to) === 'sandbox'))
    .map(({ from, to }) => `${from} imports ${to}: the sandbox imports nothing of ours, and nothing of ours imports it`);
}

/** A vendor's name stands in its own folder and in the few places that may name all of them. */
export function vendorsAreNamedAtHome(files: readonly SourceFile[]): Violations {
  return files
    .filter(({ path }) => !NAMING.test(path))
    .flatMap(({ path, text }) =>
      VENDORS.filter((vendor) => !path.startsWith(`src/providers/${vendor}/`)).flatMap((vendor) =>
        `${path}\n${text}`.split('\n').flatMap((line, index) => (line.toLowerCase().includes(vendor) ? [`${path}:${index} names ${vendor}`] : [])),
      ),
    );
}

export function noBarrels(files: readonly SourceFile[]): Violations {
  return files.filter(({ path, onlyReexports }) => posix.basename(path) === 'index.ts' || onlyReexports).map(({ path }) => `${path} is a barrel`);
}

export function noForwardRef(files: readonly SourceFile[]): Violations {
  return files.filter(({ usesForwardRef }) => usesForwardRef).map(({ path }) => `${path} uses forwardRef`);
}

export function noEnums(files: readonly SourceFile[]): Violations {
  return files.flatMap(({ path, enums }) => enums.map((name) => `${path} declares the enum ${name}`));
}

export function noAny(files: readonly SourceFile[]): Violations {
  return files.flatMap(({ path, anyAt }) => anyAt.map((line) => `${path}:${line} says any`));
}

export function fewParameters(files: readonly SourceFile[]): Violations {
  return files.flatMap(({ path, constructors }) => constructors.filter(({ parameters }) => parameters > MOST_PARAMETERS).map(({ of, parameters }) => `${path}: the constructor of ${of} has ${parameters} parameters`));
}

export function shortFiles(files: readonly SourceFile[]): Violations {
  return files.filter(({ lines }) => lines > LONGEST_FILE).map(({ path, lines }) => `${path} has ${lines} lines`);
}

export function smallMedian(files: readonly SourceFile[]): Violations {
  const lines = files.map((file) => file.lines).sort((one, other) => one - other);
  const median = lines[Math.floor(lines.length / 2)] ?? 0;
  return median > LARGEST_MEDIAN ? [`the median file has ${median} lines`] : [];
}

export function kebabCase(files: readonly SourceFile[]): Violations {
  return files.filter(({ path }) => !/^[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(posix.basename(path))).map(({ path }) => `${path} is not kebab-case`);
}

/** One sentence for each circle of files, types counted: what only types tie together is tied together all the same. */
export function noCircles(files: readonly SourceFile[]): Violations {
  const next = new Map(files.map(({ path }) => [path, [] as string[]]));
  for (const { from, to } of ownImports(files)) if (next.has(to)) next.get(from)?.push(to);
  const circles = new Map<string, string>();
  const done = new Set<string>();
  const walk = (path: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(path);
    if (seen >= 0) {
      const circle = trail.slice(seen);
      circles.set([...circle].sort().join(), `${[...circle, path].join(' → ')} is a circle`);
    } else if (!done.has(path)) {
      for (const to of next.get(path) ?? []) walk(to, [...trail, path]);
      done.add(path);
    }
  };
  for (const { path } of files) walk(path, []);
  return [...circles.values()];
}
