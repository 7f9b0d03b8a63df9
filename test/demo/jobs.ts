import type { Expected } from './result-check.ts';

/** A job of the demo: what is sent, the samples it uploads, and what each result has to be. */
export interface DemoJob {
  readonly name: string;
  readonly body: object;
  /** Sample file by input id. */
  readonly uploads: Readonly<Record<string, string>>;
  /** By the step whose result it is. `file` is the name it gets in the results' folder. */
  readonly results: Readonly<Record<string, { readonly file: string; readonly expected: Expected }>>;
  /** The provider that has to end it. */
  readonly provider: string | null;
}

const PHOTO = { width: 1200, height: 800 };

export const PHOTOGRAPH_TO_PNG: DemoJob = {
  name: 'lighthouse.jpg → PNG',
  body: {
    inputs: [{ id: 'photo', type: 'upload', filename: 'lighthouse.jpg' }],
    steps: [{ id: 'png', operation: 'convert', to: 'png' }],
    routing: { only: ['api2convert'] },
    tag: 'demo',
  },
  uploads: { photo: 'lighthouse.jpg' },
  results: { png: { file: 'lighthouse.png', expected: { kind: 'png', ...PHOTO } } },
  provider: 'api2convert',
};

export const PHOTOGRAPH_TO_WEBP: DemoJob = {
  name: 'harbour.jpg → WebP',
  body: {
    inputs: [{ id: 'photo', type: 'upload', filename: 'harbour.jpg' }],
    steps: [{ id: 'webp', operation: 'convert', to: 'webp', options: { quality: 80 } }],
    routing: { only: ['runconvert'] },
    tag: 'demo',
  },
  uploads: { photo: 'harbour.jpg' },
  results: { webp: { file: 'harbour.webp', expected: { kind: 'webp', ...PHOTO } } },
  provider: 'runconvert',
};

/** Two pages of terms behind one of invoice: three. A step's result that another step takes is no output, so the packed copy is what comes out. */
export const MERGE_AND_THUMBNAIL: DemoJob = {
  name: 'invoice.pdf + terms.pdf → PDF, thumbnail',
  body: {
    inputs: [
      { id: 'invoice', type: 'upload', filename: 'invoice.pdf' },
      { id: 'terms', type: 'upload', filename: 'terms.pdf' },
    ],
    steps: [
      { id: 'merged', operation: 'merge', inputs: ['invoice', 'terms'], to: 'pdf' },
      { id: 'thumbnail', operation: 'thumbnail', inputs: ['merged'], to: 'png', width: 240 },
      { id: 'packed', operation: 'compress', inputs: ['merged'], level: 'medium' },
    ],
    tag: 'demo',
  },
  uploads: { invoice: 'invoice.pdf', terms: 'terms.pdf' },
  results: {
    thumbnail: { file: 'merged-thumbnail.png', expected: { kind: 'png', width: 240 } },
    packed: { file: 'merged.pdf', expected: { kind: 'pdf', pages: 3 } },
  },
  provider: null,
};

/** Nothing says where it should run: while api2convert is down it ends at the other vendor. */
export const DURING_THE_OUTAGE: DemoJob = {
  name: 'lighthouse.jpg → WebP, while it is down',
  body: {
    inputs: [{ id: 'photo', type: 'upload', filename: 'lighthouse.jpg' }],
    steps: [{ id: 'webp', operation: 'convert', to: 'webp' }],
    tag: 'demo',
  },
  uploads: { photo: 'lighthouse.jpg' },
  results: { webp: { file: 'lighthouse.webp', expected: { kind: 'webp', ...PHOTO } } },
  provider: 'runconvert',
};
