/**
 * Builds what is stale, and nothing else: `npm ci` has built before, so a start has nothing to do.
 * The Prisma client follows prisma/schema.prisma, dist/ follows src/.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => join(root, 'node_modules', '.bin', name);
const age = (path) => (existsSync(join(root, path)) ? statSync(join(root, path)).mtimeMs : 0);
const newest = (folder) => Math.max(0, ...readdirSync(join(root, folder), { withFileTypes: true, recursive: true }).map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));

// An image without the tools to build brings what was built before.
if (!existsSync(bin('nest'))) process.exit(0);

const run = (name, args, env = {}) => execFileSync(bin(name), args, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] });

if (age('src/generated/prisma/client.ts') < age('prisma/schema.prisma')) {
  // The engine that is named is not used for generating; without a name one would be downloaded.
  run('prisma', ['generate', '--config', 'prisma/prisma.config.ts'], { PRISMA_SCHEMA_ENGINE_BINARY: bin('node') });
  const now = new Date();
  utimesSync(join(root, 'src/generated/prisma/client.ts'), now, now);
}
const stamp = 'dist/.built';
if (age(stamp) < Math.max(newest('src'), age('nest-cli.json'), age('.swcrc'), age('tsconfig.json'), age('.config/bundle.js'))) {
  run('nest', ['build']);
  // The compiler leaves documents behind that the code reads.
  for (const file of readdirSync(join(root, 'src'), { recursive: true })) if (file.endsWith('.json')) cpSync(join(root, 'src', file), join(root, 'dist', file));
  const { bundle } = await import('./bundle.js');
  await bundle(join(root, 'dist'));
  writeFileSync(join(root, stamp), '');
}
