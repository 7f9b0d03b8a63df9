import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { MigrationList, SchemaEngine } from '@prisma/schema-engine-wasm';
import { ROOT } from './root.js';

export type { MigrationList };

interface WasmModule {
  readonly instance: { readonly exports: Readonly<Record<string, () => void>> };
}

export const PRISMA_DIR = join(ROOT, 'prisma');

/** Node has it; TypeScript declares it for browsers alone. */
declare const WebAssembly: { instantiate(bytes: Uint8Array, imports: Readonly<Record<string, unknown>>): Promise<WasmModule> };

interface Background {
  readonly SchemaEngine: typeof SchemaEngine;
  __wbg_set_wasm(exports: WasmModule['instance']['exports']): void;
}

let background: Promise<Background> | undefined;

/** Prisma's schema engine from its npm package, working through the given driver adapter. */
export async function schemaEngine(adapterFactory: object): Promise<SchemaEngine> {
  const { SchemaEngine: engine } = await (background ??= load());
  return engine.new({ datamodels: [await readSchema()] }, () => undefined, adapterFactory);
}

/**
 * The package's own entry point imports the `.wasm` file as a module, which Node does not do without a flag, so it is instantiated here:
 * once, for its glue code keeps views of one memory.
 */
async function load(): Promise<Background> {
  const glue = (await import('@prisma/schema-engine-wasm/schema_engine_bg')) as unknown as Background;
  const folder = dirname(createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg'));
  const bytes = new Uint8Array(await readFile(join(folder, 'schema_engine_bg.wasm')));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  instance.exports['__wbindgen_start']?.();
  return glue;
}

export async function readSchema(): Promise<[path: string, text: string]> {
  const path = join(PRISMA_DIR, 'schema.prisma');
  return [path, await readFile(path, 'utf8')];
}
