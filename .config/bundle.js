/**
 * Puts what a process loads at its start into one file: Node otherwise looks up and links some two thousand modules one by one, which takes longer than
 * all the rest of a start. Each is bundled onto its own entry, so that what is beside it in dist/ is found as before; the entry as it was stays
 * beside it, for whoever wants to see the places in the code by their files.
 */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const ENTRIES = ['gateway', 'doctor'];

/** Left as packages: what is optional and not installed, what reads files of its own folder, and what others hook into by name. */
const PACKAGES = ['@nestjs/microservices', '@nestjs/platform-express', '@nestjs/websockets', '@fastify/view', '@prisma/client', '@prisma/schema-engine-wasm', 'cosmiconfig', 'libphonenumber-js', 'pg', 'swagger-ui-dist', 'undici'];

/** What CommonJS packages expect to be there. */
const COMMONJS = `import { createRequire as requireFrom } from 'node:module';
const require = requireFrom(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`;

export async function bundle(dist) {
  for (const entry of ENTRIES) copyFileSync(join(dist, `${entry}.js`), join(dist, `${entry}.unbundled.js`));
  await build({
    entryPoints: Object.fromEntries(ENTRIES.map((entry) => [entry, join(dist, `${entry}.unbundled.js`)])),
    outdir: dist, allowOverwrite: true, bundle: true, platform: 'node', format: 'esm', target: 'node22',
    // Classes are known by their names: dependencies are injected and documented by them.
    keepNames: true, banner: { js: COMMONJS }, external: PACKAGES, legalComments: 'none', logLevel: 'warning',
  });
}
