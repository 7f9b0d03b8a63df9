import { type ChildProcess, spawn } from 'node:child_process';
import { type Tool, toolPath } from './tools.js';
import { Turns } from './turns.js';
import { Unconvertible } from './unconvertible.js';

/** How long one run of a program may take. */
export const LIMIT_TOOL_MS = 120_000;
const LIMIT_OUTPUT = 1024 * 1024;

const NAMES: Readonly<Record<Tool, string>> = { soffice: 'LibreOffice', ffmpeg: 'ffmpeg', ffprobe: 'ffprobe', chromium: 'Chromium' };

export interface ToolRun {
  /** 0 to 255; null where a signal ended it. */
  readonly code: number | null;
  /** The first MiB of each. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolFrame {
  readonly folder: string;
  readonly limitMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Each of these programs takes hundreds of megabytes and a core. */
const turns = new Turns(2);
const alive = new Set<ChildProcess>();

/** The programs must not outlive the process that started them. */
process.on('exit', () => alive.forEach(killAll));

/**
 * Runs a program in `folder`, without a shell, with little more than PATH as its environment. Throws `unsupported`
 * where it is not installed and where it takes too long; then it and whatever it started is killed.
 */
export async function runTool(tool: Tool, args: readonly string[], frame: ToolFrame): Promise<ToolRun> {
  const path = toolPath(tool);
  if (path === null) throw new Unconvertible('unsupported', `${NAMES[tool]} is not installed on this machine, so this cannot be done in the sandbox.`);
  return turns.take(() => run(tool, path, args, frame));
}

async function run(tool: Tool, path: string, args: readonly string[], { folder, limitMs = LIMIT_TOOL_MS, env = {} }: ToolFrame): Promise<ToolRun> {
  const own = { PATH: process.env.PATH, HOME: folder, TMPDIR: folder, LANG: 'C.UTF-8', ...env };
  // A group of its own: LibreOffice and Chromium are several processes, which are killed together.
  const child = spawn(path, args, { cwd: folder, env: own, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  alive.add(child);
  const [stdout, stderr] = [collected(child.stdout), collected(child.stderr)];
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killAll(child);
  }, limitMs);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (late) throw new Unconvertible('unsupported', `${NAMES[tool]} took longer than ${Math.round(limitMs / 1000)} s, and was stopped.`);
    return { code, stdout: stdout(), stderr: stderr() };
  } catch (error) {
    if (error instanceof Unconvertible) throw error;
    throw new Unconvertible('unsupported', `${NAMES[tool]} could not be started.`);
  } finally {
    clearTimeout(timer);
    killAll(child);
    alive.delete(child);
  }
}

function killAll({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

function collected(stream: NodeJS.ReadableStream): () => string {
  const parts: Buffer[] = [];
  let size = 0;
  stream.on('data', (part: Buffer) => {
    if (size < LIMIT_OUTPUT) parts.push(part);
    size += part.length;
  });
  return () => Buffer.concat(parts).subarray(0, LIMIT_OUTPUT).toString('utf8');
}
