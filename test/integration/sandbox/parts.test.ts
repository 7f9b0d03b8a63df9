import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchSource, SourceUnreachable } from '../../../src/sandbox/fetching.js';
import { readSettings } from '../../../src/sandbox/settings.js';
import { Storage } from '../../../src/sandbox/storage.js';
import { startSandbox } from '../../../src/sandbox/sandbox.js';
import { httpServer } from '../../support/local-server.js';

describe('remote files', () => {
  let fixtures: string;
  beforeAll(async () => {
    fixtures = await mkdtemp(join(tmpdir(), 'fixtures-'));
    await mkdir(join(fixtures, 'set/files.example/a'), { recursive: true });
    await writeFile(join(fixtures, 'set/files.example/a/photo.txt'), 'by host and path');
    await writeFile(join(fixtures, 'set/photo.txt'), 'by last segment');
    await writeFile(join(fixtures, 'outside.txt'), 'out of reach');
  });
  afterAll(() => rm(fixtures, { recursive: true }));

  const textAt = async (url: string): Promise<string> => (await fetchSource(url, join(fixtures, 'set'))).bytes.toString();

  it('come from the fixtures by host and path, else by the last segment', async () => {
    expect(await textAt('https://files.example/a/photo.txt?x=1')).toBe('by host and path');
    expect(await textAt('https://elsewhere.example/b/photo.txt')).toBe('by last segment');
  });

  it('never come from outside the fixtures', async () => {
    await expect(textAt('http://127.0.0.1:9/%2e%2e%2foutside.txt')).rejects.toThrow(SourceUnreachable);
    await expect(textAt('file:///etc/hostname')).rejects.toThrow(SourceUnreachable);
  });

  it('come over HTTP where no fixture has them', async () => {
    const server = await httpServer((request, response) => response.writeHead(request.url === '/there.txt' ? 200 : 404).end('fetched'));
    expect(await textAt(`${server.origin}/there.txt`)).toBe('fetched');
    await expect(textAt(`${server.origin}/not-there.txt`)).rejects.toThrow('The server answered 404.');
    await server.close();
  });
});

describe('settings', () => {
  it('come from the environment, and are named where they make no sense', () => {
    expect(readSettings({})).toMatchObject({ ports: { api2convert: 4010, runconvert: 4020 }, fixtures: null, dialect: 'docs' });
    expect(readSettings({ SANDBOX_API2CONVERT_PORT: '0', SANDBOX_RUNCONVERT_DIALECT: 'sdk' })).toMatchObject({ ports: { api2convert: 0 }, dialect: 'sdk' });
    expect(() => readSettings({ SANDBOX_RUNCONVERT_PORT: '70000' })).toThrow('SANDBOX_RUNCONVERT_PORT');
  });
});

describe('storage', () => {
  it('forgets the oldest files first, and only beyond its limit', () => {
    const forgotten: string[] = [];
    const storage = new Storage(100);
    for (const name of ['a', 'b', 'c']) storage.keep(40, () => forgotten.push(name));
    expect(forgotten).toEqual(['a']);
  });
});

it('leaves nothing running where a port is taken', async () => {
  const taken = await httpServer((_request, response) => response.end());
  await expect(startSandbox({ ports: { api2convert: 0, runconvert: taken.port } })).rejects.toMatchObject({ code: 'EADDRINUSE', port: taken.port });
  await taken.close();
});
