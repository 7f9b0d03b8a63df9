import * as crypto from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { jest } from '@jest/globals';
import fc from 'fast-check';

/** The name that the next staged file gets; null: a random one. */
let nextName: string | null = null;
jest.unstable_mockModule('node:crypto', () => ({ ...crypto, randomUUID: () => nextName ?? crypto.randomUUID() }));
const { FileTooLarge, Staging, StagingTrouble } = await import('../../../src/files/staging.js');

let root: string;

beforeEach(async () => {
  nextName = null;
  root = await mkdtemp(join(tmpdir(), 'staging-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

const files = async () => (await readdir(root, { recursive: true, withFileTypes: true })).filter((entry) => !entry.isDirectory()).map(({ name }) => name);

it('keeps the very bytes, however they are cut, and tells their size, checksum and beginning', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 6 }), async (pieces) => {
      const staging = new Staging(root);
      const whole = Buffer.concat(pieces);
      const staged = await staging.write(Readable.from(pieces.map((piece) => Buffer.from(piece))), Number.MAX_SAFE_INTEGER);
      expect(staged).toMatchObject({ size: whole.length, sha256: crypto.createHash('sha256').update(whole).digest('hex') });
      expect(staged.head.equals(whole.subarray(0, 4100))).toBe(true);
      expect(await buffer(staging.open(staged.path))).toEqual(whole);
    }),
    { numRuns: 30 },
  );
});

it('reads a part, both ends included', async () => {
  const staging = new Staging(root);
  const { path } = await staging.write(Readable.from([Buffer.from('0123456789')]), 10);
  expect((await buffer(staging.open(path, { start: 2, end: 4 }))).toString()).toBe('234');
});

it('removes, and does not mind that it was gone', async () => {
  const staging = new Staging(root);
  const { path } = await staging.write(Readable.from([Buffer.from('x')]), 10);
  expect(await files()).toHaveLength(1);
  await staging.remove(path);
  await staging.remove(path);
  expect(await files()).toEqual([]);
});

it('what is too large is stopped on the way, and leaves nothing', async () => {
  let sent = 0;
  const endless = new Readable({
    read() {
      sent += 1;
      this.push(Buffer.alloc(1000));
    },
  });
  await expect(new Staging(root).write(endless, 10_000)).rejects.toThrow(FileTooLarge);
  expect(await files()).toEqual([]);
  expect(endless.destroyed).toBe(true);
  expect(sent).toBeLessThan(1000);
  // A control: as much as is allowed passes.
  await expect(new Staging(root).write(Readable.from([Buffer.alloc(10_000)]), 10_000)).resolves.toMatchObject({ size: 10_000 });
});

it('a stream that breaks leaves nothing, and says why in its own words', async () => {
  const broken = Readable.from(
    (async function* () {
      yield Buffer.from('half');
      throw Object.assign(new Error('the line went dead'), { code: 'ECONNRESET' });
    })(),
  );
  await expect(new Staging(root).write(broken, 1000)).rejects.toThrow('the line went dead');
  expect(await files()).toEqual([]);
});

it('a caller who goes away in the middle leaves nothing', async () => {
  const source = new Readable({ read() {} });
  source.push(Buffer.from('half'));
  const writing = new Staging(root).write(source, 1000);
  setImmediate(() => source.destroy());
  await expect(writing).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  expect(await files()).toEqual([]);
});

it('a full disk is our trouble and nobody else\'s, and leaves nothing', async () => {
  nextName = '00000000-0000-4000-8000-000000000000';
  await mkdir(join(root, '00'));
  // Every write to this device says ENOSPC.
  await symlink('/dev/full', join(root, '00', `${nextName}.part`));
  const writing = new Staging(root).write(Readable.from([Buffer.alloc(100_000)]), 1_000_000);
  await expect(writing).rejects.toThrow(StagingTrouble);
  await expect(writing).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(await files()).toEqual([]);
});

it('a place that is no folder is our trouble too', async () => {
  await writeFile(join(root, 'file'), 'x');
  await expect(new Staging(join(root, 'file')).write(Readable.from([Buffer.from('x')]), 10)).rejects.toMatchObject({ name: 'StagingTrouble', code: 'ENOTDIR' });
  expect(await readFile(join(root, 'file'), 'utf8')).toBe('x');
});
