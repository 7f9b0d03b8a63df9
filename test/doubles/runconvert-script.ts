import type { Answer, RecordedRequest } from './recording-server.js';

/** How the double speaks and how jobs created under it go. A job keeps the script it was created under. */
export interface RunconvertScript {
  /** Asked before the usual answer; what it returns is said instead. */
  readonly intercept: (request: RecordedRequest) => Answer | undefined | Promise<Answer | undefined>;
  /** The documents say created, completed, failed; the SDKs waiting, finished, error. */
  readonly words: 'docs' | 'sdk';
  readonly wrapping: 'none' | 'data' | 'job';
  readonly tasks: 'array' | 'map';
  readonly upload: 'form' | 'bare';
  readonly results: 'files' | 'url';
  /** Whether the answer to a create already shows the tasks. */
  readonly createShowsTasks: boolean;
  readonly between: readonly string[];
  /** `hold`: still running until the test says `finish`. */
  readonly ending: 'completed' | 'hold' | { readonly code: string; readonly message: string; readonly at?: 'import' | 'processing' };
  /** What becomes of deliveries to the caller's stores; a text: why they fail. */
  readonly delivery: 'completed' | { readonly refused: string };
  /** What a create is answered with once the job is there, instead of the job. */
  readonly createLost: Answer | null;
  /** What happens between the making of a job and the answer to its create. */
  readonly beforeAnswer: (id: string) => unknown;
  readonly numericStrings: boolean;
  /** Rewrites the result of an export task as it is said. */
  readonly result: (said: Record<string, unknown>) => Record<string, unknown>;
  readonly download: (bytes: Buffer) => Answer | undefined | Buffer;
}

export const DOCUMENTED: RunconvertScript = {
  intercept: () => undefined,
  words: 'docs',
  wrapping: 'none',
  tasks: 'array',
  upload: 'form',
  results: 'files',
  createShowsTasks: false,
  between: [],
  ending: 'completed',
  delivery: 'completed',
  createLost: null,
  beforeAnswer: () => undefined,
  numericStrings: false,
  result: (said) => said,
  download: (bytes) => bytes,
};

/** The other dialect, as the SDKs and the likeliest twin speak it. */
export const SDK: Partial<RunconvertScript> = { words: 'sdk', wrapping: 'data', tasks: 'map', upload: 'bare', results: 'url', createShowsTasks: true, numericStrings: true };
