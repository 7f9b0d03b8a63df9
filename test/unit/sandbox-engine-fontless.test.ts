import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { has } from './sandbox-engine-programs.js';

const engine = new URL('../../dist/sandbox/engine/engine.js', import.meta.url).href;
const samples = new URL('../samples/', import.meta.url).href;

/** A process of its own, since fonts are looked for once a process: does each piece of work and tells what came of it. */
const SCRIPT = `
  const { readFile } = await import('node:fs/promises');
  const { runTask } = await import('${engine}');
  const sample = async (filename) => ({ filename, bytes: await readFile(new URL(filename, '${samples}')) });
  const page = { filename: 'page.html', bytes: Buffer.from('<h1>Tides</h1>') };
  const drawing = (inner) => ({ filename: 'sign.svg', bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40">' + inner + '</svg>') });
  const works = {
    'a mark on an image': ['watermark', '', { text: 'Draft' }, await sample('harbour.jpg')],
    'a drawing with text': ['convert', 'png', {}, drawing('<text y="20">Sign</text>')],
    'a captured picture': ['capture', 'png', {}, page],
    'a drawing without text': ['convert', 'png', {}, drawing('<rect width="9" height="9"/>')],
    'a mark on a PDF': ['watermark', '', { text: 'Draft' }, await sample('terms.pdf')],
    'a captured PDF': ['capture', 'pdf', {}, page],
    'a thumbnail of a PDF': ['thumbnail', 'png', {}, await sample('terms.pdf')],
  };
  const told = {};
  for (const [name, [operation, target, options, source]] of Object.entries(works)) {
    told[name] = await runTask({ operation, target, options }, [source]).then(async ([made]) => {
      if (!made.filename.endsWith('.pdf')) return 'made';
      const [text] = await runTask({ operation: 'convert', target: 'txt', options: {} }, [made]);
      return /Draft|Tides/.test(text.bytes.toString()) ? 'made' : 'made without its text';
    }, (error) => error.reason + ': ' + error.message);
  }
  console.log(JSON.stringify(told));
`;

async function outcomes(env: Record<string, string>): Promise<Record<string, string>> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', SCRIPT], { env: { PATH: process.env.PATH, ...env } });
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, string>;
}

it('without fonts what would be drawn as boxes is refused, and what brings its own fonts is made', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'engine-fontless-'));
  const config = join(folder, 'fonts.conf');
  await writeFile(config, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>/nowhere</dir><cachedir>${folder}</cachedir></fontconfig>`);
  try {
    const told = await outcomes({ FONTCONFIG_FILE: config, SANDBOX_CHROMIUM: has('chromium') ? '' : '/nowhere' });
    const refused = expect.stringContaining('unsupported: No fonts are installed') as string;
    expect(told).toEqual({
      'a mark on an image': refused,
      'a drawing with text': refused,
      'a captured picture': refused,
      'a drawing without text': 'made',
      'a mark on a PDF': 'made',
      'a captured PDF': 'made',
      'a thumbnail of a PDF': 'made',
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 60_000);

it('with fonts all of it is made, or on a machine without them the same is refused', async () => {
  const told = Object.values(await outcomes({ SANDBOX_CHROMIUM: '/nowhere' }));
  expect([0, 3]).toContain(told.filter((outcome) => outcome.startsWith('unsupported: No fonts')).length);
  expect(told.filter((outcome) => outcome === 'made').length).toBeGreaterThanOrEqual(4);
}, 60_000);
