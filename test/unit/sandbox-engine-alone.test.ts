import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SourceFile } from '../../src/sandbox/engine/engine.js';
import { film, has, tone } from './sandbox-engine-programs.js';

/** This file's engine is told of no program, whatever is on the machine: it must be read after that. */
const mp4 = has('ffmpeg') ? await film() : tone('tone.wav');
for (const name of ['SOFFICE', 'FFMPEG', 'FFPROBE', 'CHROMIUM']) process.env[`SANDBOX_${name}`] = '/nowhere';
const { formats, runTask, targetsOf } = await import('../../src/sandbox/engine/engine.js');
const { locate } = await import('../../src/sandbox/engine/tools.js');
const { runTool } = await import('../../src/sandbox/engine/run-tool.js');

const page = { filename: 'page.html', bytes: Buffer.from('<h1>Tides</h1>') };
const run = (operation: string, target: string, source: SourceFile = page) => runTask({ operation, target, options: {} }, [source]);

describe('a machine without programs', () => {
  it('lists nothing that needs them, and all the rest', () => {
    expect([targetsOf('docx'), targetsOf('mp4'), targetsOf('mp3')]).toEqual([[], [], []]);
    expect(targetsOf('html')).toEqual(['pdf', 'txt', 'md']);
    expect(formats().map(({ category }) => category)).not.toContain('audio');
    expect(formats().map(({ extension }) => extension)).toEqual(expect.arrayContaining(['png', 'pdf', 'zip']));
  });

  it.each([
    ['docx', page, 'LibreOffice is not installed'],
    ['mp3', tone(), 'ffmpeg is not installed'],
    ['flac', mp4, 'ffmpeg is not installed'],
  ])('says why it makes no %s', async (target, source, message) => {
    await expect(run('convert', target, source)).rejects.toMatchObject({ name: 'Unconvertible', reason: 'unsupported', message: expect.stringContaining(message) as string });
  });

  it('captures the text of a page all the same', async () => {
    const [pdf] = await run('capture', 'pdf');
    const [plain] = await run('convert', 'txt', pdf ?? page);
    expect(plain?.bytes.toString()).toContain('Tides');
  });

  it('tells size and kind of a sound, if not its length', async () => {
    const [told] = await run('read-metadata', 'json', tone());
    expect(JSON.parse(String(told?.bytes))).toMatchObject({ format: 'wav', contentType: 'audio/wav', size: 32_044 });
  });
});

describe('programs', () => {
  let folder = '';
  const program = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\n${text}\n`);
    await chmod(path, 0o755);
    return path;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'engine-programs-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are found on PATH, unless a variable says where; what cannot be run is none', async () => {
    const path = await program('ffmpeg', 'exit 0');
    await writeFile(join(folder, 'soffice'), 'not to be run');
    expect(locate('ffmpeg', { PATH: `/nowhere:${folder}` })).toBe(path);
    expect(locate('soffice', { PATH: folder })).toBeNull();
    expect(locate('chromium', { PATH: folder, SANDBOX_CHROMIUM: path })).toBe(path);
    expect(locate('ffmpeg', { PATH: folder, SANDBOX_FFMPEG: '/nowhere' })).toBeNull();
    expect(locate('ffmpeg', { PATH: '.', SANDBOX_FFMPEG: 'ffmpeg' })).toBeNull();
    expect(locate('ffmpeg', {})).toBeNull();
  });

  it('that are not there are not run', async () => {
    await expect(runTool('ffmpeg', [], { folder })).rejects.toMatchObject({ reason: 'unsupported' });
  });
});
