import { OPERATIONS } from '../../../src/conversion/operations.js';
import type { StepWish } from '../../../src/conversion/provider.js';
import type { Parameters } from '../../../src/conversion/job-graph.js';
import { bench } from './bench.js';
import type { AdapterHarness } from './harness.js';

/** A wish for each operation of the contract, in its plainest form. */
const PARAMETERS: Readonly<Record<string, Parameters>> = {
  convert: { to: 'jpg' },
  compress: {},
  merge: { to: 'pdf' },
  archive: { to: 'zip' },
  thumbnail: { to: 'png' },
  watermark: { text: 'Draft' },
  ocr: {},
  capture: { url: 'https://example.com/', to: 'png' },
  hash: { to: 'sha256' },
};

/** Files that an operation is for, where a picture is none of them. */
const SOURCES: Readonly<Record<string, string | null>> = {
  capture: null,
  'video-to-images': 'mp4',
  'cut-video': 'mp4',
  'merge-streams': 'wav',
  'extract-streams': 'mp4',
  'compare-videos': 'mp4',
  'adjust-volume': 'mp3',
  'to-pdfa': 'pdf',
  'validate-pdfa': 'pdf',
  'pdf-booklet': 'pdf',
  'compare-pdfs': 'pdf',
  'extract-archive': 'zip',
  'extract-pdf-assets': 'pdf',
};

export function offerClauses(harness: AdapterHarness): void {
  const { provider } = bench(harness, []);
  const wish = (operation: string, parameters: Parameters, from: string | null = 'png'): StepWish => ({ operation, from, parameters, options: {} });

  describe('what is offered', () => {
    it.each([...OPERATIONS.keys()])('%s, or a reason why not', (operation) => {
      const offer = provider.offers(wish(operation, PARAMETERS[operation] ?? {}, SOURCES[operation] === undefined ? 'png' : SOURCES[operation]));
      expect(offer.offered).toBe(harness.offered.includes(operation));
      if (!offer.offered) expect(offer.reason).toMatch(/\w+ \w+/);
    });

    it.each(['teleport', '', '__proto__', 'constructor', 'toString'])('never the operation %p', (operation) => {
      expect(provider.offers(wish(operation, { to: 'png' })).offered).toBe(false);
    });

    it.each(['nonsense', '', '__proto__', 'constructor', 'mp4'])('never a picture converted to %p', (to) => {
      expect(provider.offers(wish('convert', { to })).offered).toBe(false);
    });

    it('also where nobody knows the source\'s format, and never without a target', () => {
      expect(provider.offers(wish('convert', { to: 'png' }, null)).offered).toBe(true);
      expect(provider.offers(wish('convert', {}, null)).offered).toBe(false);
    });

    it('what the harness\'s stages ask for', () => {
      for (const step of [...harness.work.steps, ...harness.uploadWork.steps]) expect(provider.offers(step)).toEqual({ offered: true });
    });

    it('under the account\'s own id', () => {
      expect(bench(harness, [], { id: 'second-account' }).provider.id).toBe('second-account');
    });
  });
}
