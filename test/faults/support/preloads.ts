import { fileURLToPath } from 'node:url';

/** The variable that loads a file of this folder into a process before anything else. */
export const preloaded = (file: string): { readonly NODE_OPTIONS: string } => ({ NODE_OPTIONS: `--import=${fileURLToPath(new URL(file, import.meta.url))}` });
