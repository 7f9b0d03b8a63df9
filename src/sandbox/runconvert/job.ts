import { randomBytes, randomUUID } from 'node:crypto';
import type { LedgerJob } from '../ledger.js';
import type { Scenario } from '../scenario.js';
import type { Phase } from './words.js';

export type JsonObject = Readonly<Record<string, unknown>>;

export interface TaskFile {
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface RunTask {
  readonly id: string;
  readonly jobId: string;
  readonly name: string;
  readonly operation: string;
  /** The task as it was sent. */
  readonly fields: JsonObject;
  /** Names of the tasks whose files it takes. */
  readonly inputs: readonly string[];
  /** The upload form's signature; '' for every other operation. */
  readonly signature: string;
  readonly createdAt: Date;
  phase: Phase;
  code: string | null;
  message: string | null;
  percent: number;
  credits: number | null;
  /** What it made; empty once it is forgotten. */
  files: readonly TaskFile[];
  /** Name and size of what it made. */
  made: readonly { readonly filename: string; readonly size: number }[];
  startedAt: Date | null;
  endedAt: Date | null;
}

export interface Job {
  readonly id: string;
  readonly key: string;
  readonly tag: string | null;
  readonly tasks: readonly RunTask[];
  readonly createdAt: Date;
  readonly ledger: LedgerJob;
  readonly scenarios: readonly Scenario[];
  readonly stop: AbortController;
  phase: Phase;
  /** A word reported in place of the status until then (scenario `unknown-status`). */
  otherWord: { readonly word: string; readonly until: number } | null;
  startedAt: Date | null;
  endedAt: Date | null;
}

export const newId = (): string => randomUUID();
export const newSecret = (): string => randomBytes(24).toString('hex');
