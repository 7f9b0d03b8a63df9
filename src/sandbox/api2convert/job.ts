import { randomBytes, randomUUID } from 'node:crypto';
import type { LedgerJob } from '../ledger.js';
import type { Scenario } from '../scenario.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Conversion {
  readonly id: string;
  readonly target: string;
  readonly category: string;
  options: JsonObject;
  metadata: JsonObject;
  readonly outputTargets: readonly OutputTarget[];
}

/** A store that a conversion's results go to, in place of the vendor's own. */
export interface OutputTarget {
  readonly type: string;
  readonly parameters: JsonObject;
  /** Never shown. */
  readonly credentials: JsonObject;
  status: 'waiting' | 'uploading' | 'completed' | 'failed';
}

export type InputStatus = 'canceled' | 'downloading' | 'failed' | 'ready';

export interface Input {
  readonly id: string;
  readonly type: string;
  readonly source: string;
  readonly engine: string;
  readonly createdAt: Date;
  parameters: JsonObject;
  /** Never shown. */
  credentials: JsonObject;
  options: JsonObject;
  filename: string;
  contentType: string;
  status: InputStatus;
  /** null until it was fetched, and once it is forgotten. */
  bytes: Buffer | null;
  size: number;
  checksum: string;
  modifiedAt: Date;
}

export interface Output {
  readonly id: string;
  readonly conversionId: string;
  readonly inputIds: readonly string[];
  /** The last segment of its URI; never changes. */
  readonly uriName: string;
  filename: string;
  readonly contentType: string;
  readonly size: number;
  readonly checksum: string;
  readonly createdAt: Date;
  /** null once it is forgotten. */
  bytes: Buffer | null;
  downloads: number;
  disabled: boolean;
  passwords: readonly string[];
}

/** An entry of the job's `errors` or `warnings`. */
export interface Trouble {
  readonly source: 'input' | 'conversion';
  readonly id_source: string;
  readonly code: number;
  readonly message: string;
}

export interface HistoryEntry {
  readonly id: string;
  readonly status: string;
  readonly at: Date;
}

export interface Job {
  readonly id: string;
  readonly key: string;
  readonly token: string;
  readonly createdAt: Date;
  readonly ledger: LedgerJob;
  readonly errors: Trouble[];
  readonly warnings: Trouble[];
  readonly history: HistoryEntry[];
  /** Aborted by a cancel and by a reset. */
  readonly stop: AbortController;
  conversions: Conversion[];
  inputs: Input[];
  outputs: Output[];
  modifiedAt: Date;
  status: string;
  /** A word reported in place of the status until then (scenario `unknown-status`). */
  otherWord: { readonly word: string; readonly until: number } | null;
  started: boolean;
  process: boolean;
  failOnInputError: boolean;
  failOnConversionError: boolean;
  notifyStatus: boolean;
  callback: string;
  limits: JsonObject;
  passwords: readonly string[];
  spent: number;
  scenarios: Scenario[];
}

export const newId = (): string => randomUUID();
export const newToken = (): string => randomBytes(16).toString('hex');

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'canceled']);

export function hasEnded(job: Job): boolean {
  return ENDED.has(job.status);
}
