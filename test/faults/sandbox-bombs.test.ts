import type { ResultFile } from '../../src/sandbox/engine/engine.js';
import { refusal, run, text } from '../unit/sandbox-engine-support.js';

describe('archives', () => {
  it('stops at a thousand files, and takes exactly a thousand', async () => {
    const many = (count: number): Promise<ResultFile[]> => run('archive', 'zip', Array.from({ length: count }, (_, n) => text(`f${n}.txt`, 'x')));
    const [fits] = await many(1_000);
    const [over] = await many(1_001);
    expect(await run('extract-archive', '', fits ? [fits] : [])).toHaveLength(1_000);
    await expect(run('extract-archive', '', over ? [over] : [])).rejects.toEqual(refusal('unsupported'));
  });

  it.each(['zip', 'tar.gz'])('stops at a %s bomb', async (target) => {
    const [bomb] = await run('archive', target, [{ filename: 'zeros.bin', bytes: Buffer.alloc(257 * 1024 * 1024) }]);
    expect(bomb?.bytes.length).toBeLessThan(2_000_000);
    await expect(run('extract-archive', '', bomb ? [bomb] : [])).rejects.toEqual(refusal('unsupported'));
  });
});
