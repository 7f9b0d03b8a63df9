import type { CatalogueEntry } from '../../../src/conversion/catalogue.js';
import { indexOf } from '../../../src/conversion/catalogue-index.js';
import type { Offer, StepWish } from '../../../src/conversion/provider.js';
import { creditsOf, isVerified, offerOf, optionsSchema, pairKey, shippedView, type Learned, type ProviderView } from '../../../src/routing/catalogue-view.js';

const entry = (operation: string, from: string | null, to: string | null, more: Partial<CatalogueEntry> = {}): CatalogueEntry => ({ operation, name: operation, from, to, options: null, credits: null, ...more });
const wish = (operation: string, from: string | null, to?: string): StepWish => ({ operation, from, parameters: to === undefined ? {} : { to }, options: {} });
const named = { type: 'object' as const, properties: { quality: { type: 'integer' } }, additionalProperties: false };
const shown = { ...named, additionalProperties: true };

/** By its documents it converts pictures to png, and to gif only where the vendor says so. */
const painter = {
  adapter: 'painter',
  offers: ({ operation, parameters }: StepWish, listed = false): Offer =>
    operation === 'convert' && (parameters['to'] === 'png' || listed) ? { offered: true } : { offered: false, reason: 'By its documents it does not.' },
  shipped: [entry('convert', null, null, { options: shown })],
};

const view = (entries: readonly CatalogueEntry[] | null, covers: readonly string[] = ['*'], learned: readonly (readonly [string, Learned])[] = []): ProviderView => ({
  ...shippedView(painter), live: entries === null ? null : indexOf({ entries, covers }), learned: new Map(learned),
});
const reason = (offer: Offer): string => (offer.offered ? '' : offer.reason);

describe('what a provider offers, by all that is known of it', () => {
  it('its documents, while the vendor is silent', () => {
    expect(offerOf(view(null), painter, wish('convert', 'jpg', 'png'))).toEqual({ offered: true });
    expect(reason(offerOf(view(null), painter, wish('convert', 'jpg', 'gif')))).toContain('documents');
    expect(offerOf(view([entry('compress', null, null)], []), painter, wish('convert', 'jpg', 'png'))).toEqual({ offered: true });
  });

  it('not what its live catalogue no longer lists, and what it newly lists', () => {
    const live = view([entry('convert', null, 'gif')]);
    expect(reason(offerOf(live, painter, wish('convert', 'jpg', 'png')))).toBe('Its catalogue does not list "convert" from jpg to png.');
    expect(offerOf(live, painter, wish('convert', 'jpg', 'gif'))).toEqual({ offered: true });
    expect(reason(offerOf(view([entry('compress', null, null)]), painter, wish('convert', 'jpg', 'png')))).toContain('does not list');
  });

  it('never what cannot be told to the vendor, listed or not', () => {
    expect(reason(offerOf(view([entry('ocr', null, null)]), painter, wish('ocr', 'jpg')))).toContain('documents');
    expect(reason(offerOf(view([]), painter, wish('ocr', 'jpg')))).toContain('documents');
  });

  it('by pair: a known source that is not listed is not offered, a name that says nothing of the file is', () => {
    const live = view([entry('convert', 'jpg', 'png')], ['convert']);
    expect(offerOf(live, painter, wish('convert', 'jpg', 'png')).offered).toBe(true);
    expect(offerOf(live, painter, wish('convert', 'bmp', 'png')).offered).toBe(false);
    expect(offerOf(live, painter, wish('convert', null, 'png')).offered).toBe(true);
    expect(offerOf(live, painter, wish('convert', 'whatever', 'png')).offered).toBe(true);
  });

  it('not a pair that it refused when it was tried, though it lists the target; its neighbours are not touched', () => {
    const live = view([entry('convert', null, 'png')], ['*'], [[pairKey('convert', 'jpg', 'png'), 'refused']]);
    expect(reason(offerOf(live, painter, wish('convert', 'jpg', 'png')))).toContain('was tried');
    expect(offerOf(live, painter, wish('convert', 'bmp', 'png')).offered).toBe(true);
    expect(offerOf(live, painter, wish('convert', null, 'png')).offered).toBe(true);
  });
});

describe('what is known of a pair', () => {
  it('verified by being listed as this pair, or by having worked; not by its target, and not once it was refused', () => {
    expect(isVerified(view([entry('convert', 'jpg', 'png')]), 'convert', 'jpg', 'png')).toBe(true);
    expect(isVerified(view([entry('convert', null, 'png')]), 'convert', 'jpg', 'png')).toBe(false);
    expect(isVerified(view([entry('convert', null, 'png')], ['*'], [[pairKey('convert', 'jpg', 'png'), 'verified']]), 'convert', 'jpg', 'png')).toBe(true);
    expect(isVerified(view([entry('convert', 'jpg', 'png')], ['*'], [[pairKey('convert', 'jpg', 'png'), 'refused']]), 'convert', 'jpg', 'png')).toBe(false);
    expect(isVerified(view(null), 'convert', 'jpg', 'png')).toBe(false);
  });

  it('options from the live catalogue, else from the documents, else none; prices from the vendor alone', () => {
    const live = view([entry('convert', null, 'png', { options: named, credits: 2 }), entry('convert', null, 'gif')]);
    expect(optionsSchema(live, 'convert', 'png')).toEqual(named);
    expect(optionsSchema(live, 'convert', 'gif', 'jpg')).toEqual(shown);
    expect(optionsSchema(live, 'hash', 'md5')).toBeNull();
    expect([creditsOf(live, 'convert', 'png'), creditsOf(live, 'convert', 'gif'), creditsOf(view(null), 'convert', 'png')]).toEqual([2, null, null]);
  });
});
