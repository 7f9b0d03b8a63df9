import { readFile } from 'node:fs/promises';
import { basename, resolve, sep } from 'node:path';

export interface FetchedFile {
  readonly bytes: Buffer;
  readonly filename: string;
}

/** Thrown where a remote file cannot be had. */
export class SourceUnreachable extends Error {}

const LIMIT_BYTES = 64 * 1024 * 1024;
const LIMIT_MS = 20_000;

/**
 * The file behind a remote URL: from the fixtures by `<host>/<path>`, else by the last path segment, else over HTTP
 * (at most 64 MiB and 20 s). Throws SourceUnreachable.
 */
export async function fetchSource(source: string, fixtures: string | null): Promise<FetchedFile> {
  const url = URL.parse(source);
  if (!url || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new SourceUnreachable(`${source} is not an http or https URL.`);
  const path = decoded(url.pathname);
  const filename = basename(path) || 'index.html';
  const fixture = (await readFixture(fixtures, url.hostname + path)) ?? (await readFixture(fixtures, filename));
  return { bytes: fixture ?? (await download(url)), filename };
}

/** A file of the fixtures' folder; null where it is not there, leads out of the folder, or there are no fixtures. */
export async function readFixture(fixtures: string | null, name: string): Promise<Buffer | null> {
  if (fixtures === null) return null;
  const root = resolve(fixtures);
  const file = resolve(root, name);
  if (!file.startsWith(root + sep)) return null;
  return readFile(file).catch(() => null);
}

async function download(url: URL): Promise<Buffer> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
    if (!answer.ok || !answer.body) throw new SourceUnreachable(`The server answered ${answer.status}.`);
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const part of answer.body as AsyncIterable<Uint8Array>) {
      size += part.byteLength;
      if (size > LIMIT_BYTES) throw new SourceUnreachable('The file is larger than 64 MiB.');
      parts.push(part);
    }
    return Buffer.concat(parts);
  } catch (error) {
    if (error instanceof SourceUnreachable) throw error;
    throw new SourceUnreachable('The server could not be reached.');
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
