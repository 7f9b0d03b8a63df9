import { OPERATIONS } from '../../../src/conversion/operations.js';
import { UNIFIED_OPTIONS } from '../../../src/conversion/unified-options.js';
import { bench, idle } from './bench.js';
import type { AdapterHarness } from './harness.js';

const SAMPLES: Readonly<Record<string, unknown>> = {
  quality: 81, width: 301, height: 302, dpi: 151, rotate: 91, colorMode: 'gray', stripMetadata: true, audioBitrate: 193, audioCodec: 'opus', sampleRate: 44_101, channels: 'mono', viewportWidth: 1281, viewportHeight: 1025, deviceScale: 1.5,
};

export function optionClauses(harness: AdapterHarness): void {
  const { provider } = bench(harness, []);
  const options = [...UNIFIED_OPTIONS.values()].map(({ name }) => name);

  describe('unified options', () => {
    it('have a sample each in this suite', () => {
      expect(Object.keys(SAMPLES).sort()).toEqual([...options].sort());
    });

    it.each(options)('%s has a row, with a reason where it is not exact', (name) => {
      for (const operation of UNIFIED_OPTIONS.get(name)?.operations ?? []) {
        const row = provider.options.row(operation, name);
        if (row === null) throw new Error(`no row for ${name} of ${operation}`);
        expect(row.kind === 'exact' ? row.message === null : /\w+ \w+.*\.$/.test(row.message ?? '')).toBe(true);
        if (row.kind === 'dropped') expect(row.say(SAMPLES[name])).toEqual({});
      }
    });

    it.each(options.filter((name) => UNIFIED_OPTIONS.get(name)?.operations.includes('convert')))('%s is said to the vendor where it is not dropped, and not at all where it is', async (name) => {
      const { provider: speaking, http } = bench(harness, [...harness.answers.create, ...harness.answers.create]);
      const [step] = harness.work.steps;
      if (step === undefined) throw new Error('no step');
      const sent = async (given: object) => {
        await speaking.create({ ...harness.work, steps: [{ ...step, options: given as typeof step.options }] }, idle());
        return JSON.stringify(http.calls.at(-1)?.json);
      };
      const [without, withIt] = [await sent({}), await sent({ [name]: SAMPLES[name] })];
      expect(withIt !== without).toBe(provider.options.row('convert', name)?.kind !== 'dropped');
      // Ours alone: in a vendor's words it may have the same name.
      if (['colorMode', 'stripMetadata', 'sampleRate'].includes(name)) expect(withIt).not.toContain(name);
    });

    it('are no words of operations that they do not belong to', () => {
      const foreign = [...OPERATIONS.keys()].filter((operation) => UNIFIED_OPTIONS.get('quality')?.operations.includes(operation) === false);
      for (const operation of foreign) expect(provider.options.say(operation, { quality: 'any' })).toEqual({ quality: 'any' });
    });
  });
}
