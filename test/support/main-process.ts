import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { scripts: { start: string } };

/** Node's own options with which `npm start` starts the built service, and its entry point. */
export const NODE_OPTIONS: readonly string[] = scripts.start.split(' ').filter((word) => word.startsWith('--'));
export const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
