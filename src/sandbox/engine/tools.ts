import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Programs that convert what no package here can, where they are installed. */
export type Tool = 'soffice' | 'ffmpeg' | 'ffprobe' | 'chromium';

type Environment = Readonly<Record<string, string | undefined>>;

interface Known {
  /** Where it is, in words of an operator who knows better than PATH. */
  readonly variable: string;
  readonly names: readonly string[];
}

const KNOWN: Readonly<Record<Tool, Known>> = {
  soffice: { variable: 'SANDBOX_SOFFICE', names: ['soffice', 'libreoffice'] },
  ffmpeg: { variable: 'SANDBOX_FFMPEG', names: ['ffmpeg'] },
  ffprobe: { variable: 'SANDBOX_FFPROBE', names: ['ffprobe'] },
  chromium: { variable: 'SANDBOX_CHROMIUM', names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'] },
};

/** The path of a program that can be run: what its variable names and nothing else where that is set, otherwise the first on PATH; null if there is none. */
export function locate(tool: Tool, env: Environment): string | null {
  const { variable, names } = KNOWN[tool];
  const told = env[variable];
  if (told) return isAbsolute(told) && runnable(told) ? told : null;
  const folders = (env.PATH ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(runnable) ?? null;
}

const found = new Map<Tool, string | null>();

/** As `locate`, in this process's environment, looked up once. */
export function toolPath(tool: Tool): string | null {
  const known = found.get(tool);
  if (known !== undefined) return known;
  const path = locate(tool, process.env);
  found.set(tool, path);
  return path;
}

function runnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
