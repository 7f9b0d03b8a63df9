import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** A program in ffmpeg's place that starts another one and never ends. */
const folder = await mkdtemp(join(tmpdir(), 'engine-deadline-'));
const path = join(folder, 'stuck');
await writeFile(path, '#!/bin/sh\nsleep 600 &\necho $! > child.pid\necho told\nwait\n');
await chmod(path, 0o755);
process.env.SANDBOX_FFMPEG = path;
const { runTool } = await import('../../src/sandbox/engine/run-tool.js');
const { runTask } = await import('../../src/sandbox/engine/engine.js');
const { Turns } = await import('../../src/sandbox/engine/turns.js');
const { inScratch } = await import('../../src/sandbox/engine/scratch.js');

afterAll(() => rm(folder, { recursive: true, force: true }));

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    // What was killed stays listed until its parent looks.
    return !/^State:\s+Z/m.test(existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, 'utf8') : '');
  } catch {
    return false;
  }
};

it('a program that never ends is stopped, and so is what it started', async () => {
  await expect(runTool('ffmpeg', [], { folder, limitMs: 700 })).rejects.toMatchObject({ reason: 'unsupported', message: expect.stringContaining('was stopped') as string });
  const child = Number(await readFile(join(folder, 'child.pid'), 'utf8'));
  expect(child).toBeGreaterThan(1);
  for (let look = 0; look < 100 && alive(child); look += 1) await pause(20);
  expect(alive(child)).toBe(false);
});

it('its folder is gone afterwards', async () => {
  let seen = '';
  await expect(
    inScratch(async (scratch) => {
      seen = scratch;
      await writeFile(join(scratch, 'left.txt'), 'left');
      return runTool('ffmpeg', [], { folder: scratch, limitMs: 300 });
    }),
  ).rejects.toMatchObject({ reason: 'unsupported' });
  expect([seen.includes('sandbox-engine-'), existsSync(seen)]).toEqual([true, false]);
});

it('a task is given up when its time is up, and not before', async () => {
  const picture = { filename: 'a.svg', bytes: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="900" height="900"><rect width="900" height="900"/></svg>') };
  const task = { operation: 'convert', target: 'png', options: {} };
  await expect(runTask(task, [picture], 0)).rejects.toMatchObject({ reason: 'unsupported', message: expect.stringContaining('given up') as string });
  await expect(runTask(task, [picture])).resolves.toHaveLength(1);
});

it('no more than two run at once, in their order, and one that fails gives its turn back', async () => {
  const turns = new Turns(2);
  const [began, ends]: [number[], (() => void)[]] = [[], []];
  let running = 0;
  let most = 0;
  const works = [0, 1, 2, 3, 4].map((n) =>
    turns.take(async () => {
      began.push(n);
      most = Math.max(most, (running += 1));
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      if (n === 1) throw new Error('failed');
    }),
  );
  const all = Promise.allSettled(works);
  for (let n = 0; n < 5; n += 1) {
    for (let look = 0; look < 100 && ends.length <= n; look += 1) await pause(1);
    ends[n]?.();
  }
  expect((await all).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled', 'fulfilled']);
  expect([began, most]).toEqual([[0, 1, 2, 3, 4], 2]);
});
