import { bench, idle, plain, runningJob } from './bench.js';
import type { AdapterHarness, ExpectedReport } from './harness.js';
import type { RunningJob } from '../../../src/conversion/provider.js';
import type { ScriptedAnswer } from '../scripted-http.js';

/** Words that no vendor documents, and words that trip a look-up in a plain object. */
const UNKNOWN_WORDS = ['defragmenting', 'COMPLETED?', 'constructor', '__proto__', 'toString'];

export function reportClauses(harness: AdapterHarness): void {
  const { answers, work } = harness;
  const read = async (script: readonly ScriptedAnswer[], job: RunningJob = runningJob(harness)): Promise<ExpectedReport> => {
    const { provider, http } = bench(harness, script);
    const report = plain(await provider.read(job, idle()));
    expect(http.calls).toHaveLength(script.length);
    return report;
  };

  describe('a vendor\'s job is read', () => {
    it('while it runs', async () => {
      expect((await read(answers.readRunning)).state).toBe('running');
    });

    it('when it succeeded, with a file for each step', async () => {
      const report = await read(answers.readSucceeded);
      expect(report.state).toBe('succeeded');
      if (report.state !== 'succeeded') return;
      expect(report.results.map(({ step }) => step)).toEqual(work.steps.map(({ id }) => id));
      for (const { url } of report.results) expect(url).toMatch(/^https?:\/\//);
    });

    it('when it failed', async () => {
      expect((await read(answers.readFailed)).state).toBe('failed');
    });

    it.each(UNKNOWN_WORDS)('as running while its status is %p', async (word) => {
      const report = await read(answers.readStatus(word));
      expect(report.state === 'running' ? report.word : report.state).toBe(word);
    });

    it('as failed when it succeeded without a file', async () => {
      expect(await read(answers.readSucceededWithoutFile)).toMatchObject({ state: 'failed', kind: 'output_invalid' });
    });

    it.each([['success', answers.readSucceeded], ['failure', answers.readFailed], ['success without a file', answers.readSucceededWithoutFile]])('the same again after a %s', async (_name, script) => {
      expect(await read(script)).toEqual(await read(script));
    });

    it.each(harness.fixtures)('as recorded: $name', async (fixture) => {
      expect(await read(fixture.answers, fixture.job)).toEqual(fixture.report);
    });

    it('in more than one recorded way', () => {
      expect(new Set(harness.fixtures.map(({ report }) => report.state)).size).toBeGreaterThanOrEqual(3);
    });
  });
}
