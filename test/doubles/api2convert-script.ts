import type { Answer, RecordedRequest } from './recording-server.js';

/** How the double behaves: one of the dialects that the vendor's sources allow, and how jobs created under it go. A job keeps the script it was created under. */
export interface Api2convertScript {
  /** Asked before the usual answer; what it returns is said instead. */
  readonly intercept: (request: RecordedRequest) => Answer | undefined | Promise<Answer | undefined>;
  readonly uploadId: 'string' | 'object';
  /** The vendor's back end says an empty object as `[]`. */
  readonly emptyObject: 'object' | 'array';
  /** Words for the status between the start and the end, one per read. */
  readonly between: readonly string[];
  /** `hold`: still running until the test says `finish`. */
  readonly ending: 'completed' | 'hold' | { readonly source: 'input' | 'conversion'; readonly code: number; readonly message: string };
  /** What becomes of deliveries to the caller's stores; a text: why they fail. */
  readonly delivery: 'completed' | { readonly refused: string };
  readonly filenames: boolean;
  readonly numericStrings: boolean;
  /** 409: it was started all the same, as where two starts cross. */
  readonly startAnswer: 200 | 409;
  /** Rewrites one output as it is said. */
  readonly output: (said: Record<string, unknown>) => Record<string, unknown>;
  /** The bytes that a download hands out. */
  readonly download: (bytes: Buffer) => Answer | undefined | Buffer;
}

export const USUAL: Api2convertScript = {
  intercept: () => undefined,
  uploadId: 'object',
  emptyObject: 'object',
  between: [],
  ending: 'completed',
  delivery: 'completed',
  filenames: true,
  numericStrings: false,
  startAnswer: 200,
  output: (said) => said,
  download: (bytes) => bytes,
};
