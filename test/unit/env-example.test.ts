import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readEnv, SettingsError } from '../../src/platform/env.js';

const read = (path: string): Promise<string> => readFile(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8');
const names = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

/** The variables that the service reads, as its schema names them. */
const variables = async (): Promise<string[]> => names(await read('src/platform/env.ts'), /^ {2}([A-Z][A-Z0-9_]+): /gm);
const example = async (): Promise<[string, string][]> => [...(await read('docker/env.example')).matchAll(/^([A-Z][A-Z0-9_]*)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]);

/** What an operator fills in: the two keys and a vendor's. */
const filledIn = { ADMIN_API_KEY: 'an-admin-key-of-our-own', SECRETS_KEY: Buffer.alloc(32, 7).toString('base64'), API2CONVERT_API_KEY: 'a-key' };

describe('docker/env.example', () => {
  it('names every variable of the service once, and no other', async () => {
    const known = await variables();
    expect(known).toEqual(expect.arrayContaining(['PORT', 'DATABASE_URL', 'LOG_LEVEL']));
    expect((await example()).map(([name]) => name).sort()).toEqual([...known].sort());
  });

  it('says in a comment above each what it is', async () => {
    const text = await read('docker/env.example');
    const commented = names(text, /^# \S.*\n([A-Z][A-Z0-9_]*)=/gm);
    expect(commented).toEqual((await example()).map(([name]) => name));
  });

  it('is a configuration that starts, once the keys are filled in', async () => {
    const env = readEnv({ ...Object.fromEntries(await example()), ...filledIn });
    expect(env.raw).toMatchObject({ PORT: 3000, ROLE: 'all', NODE_ENV: 'production', MAX_UPLOAD_BYTES: 5_368_709_120 });
  });

  it('holds no key that would work: copied as it is, it is refused', async () => {
    const values = Object.fromEntries<string>(await example());
    expect(() => readEnv(values)).toThrow(SettingsError);
    expect(Object.entries(values).filter(([name, value]) => /_KEY$|_SECRET$/.test(name) && value !== '')).toEqual([]);
  });
});

describe('docker/compose.yaml', () => {
  it('sets variables of the service and no others, in ways that start', async () => {
    const compose = await read('docker/compose.yaml');
    const settings: [string, string][] = [...(/^x-settings: &settings\n((?: {2}.*\n)+)/m.exec(compose)?.[1] ?? '').matchAll(/^ {2}([A-Z_]+): "?([^"\n]*)"?$/gm)].map(([, name = '', value = '']) => [name, value]);
    const roles = names(compose, /^ {6}ROLE: (\w+)$/gm);
    expect(settings.map(([name]) => name)).toEqual(expect.arrayContaining(['DATABASE_URL', 'STAGING_URL']));
    expect(await variables()).toEqual(expect.arrayContaining(settings.map(([name]) => name)));
    expect(roles).toEqual(['api', 'worker']);
    for (const ROLE of roles) {
      const env = readEnv({ ...Object.fromEntries(await example()), ...filledIn, ...Object.fromEntries(settings), ROLE });
      expect(env.stagingDir).toBe('/data/files');
    }
  });

  it('runs the service as `npm start` does', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: { start: string } };
    const command = JSON.parse(/^CMD (\[.*\])$/m.exec(await read('docker/Dockerfile'))?.[1] ?? '[]') as string[];
    expect(`exec ${command.join(' ')}`).toBe(scripts.start);
  });

  it('runs what the Dockerfile makes', async () => {
    const [compose, dockerfile] = await Promise.all([read('docker/compose.yaml'), read('docker/Dockerfile')]);
    expect(compose).toContain('dockerfile: docker/Dockerfile');
    const volume = /^VOLUME (\S+)$/m.exec(dockerfile)?.[1];
    expect(volume).toBe('/data');
    expect(compose).toContain(`files:${volume}`);
  });
});
