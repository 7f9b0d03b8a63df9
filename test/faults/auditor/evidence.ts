/** What the auditor looks at: the database, the vendors' own ledger, what the receiver got, what the caller was promised. It shares no code with the service. */
export interface Evidence {
  readonly query: <T extends object>(text: string, values?: unknown[]) => Promise<T[]>;
  readonly ledger: VendorLedger;
  readonly received: readonly ReceivedNews[];
  /** Jobs that were answered with 2xx. */
  readonly accepted: readonly { readonly id: string }[];
  /** The folder of staged and kept files. */
  readonly staging: string;
  /** Logs, metrics, answers: whatever the service let out. */
  readonly texts: readonly string[];
  /** Secrets that were planted to be looked for. */
  readonly canaries: readonly string[];
  /** What a credit is worth at each provider, where prices are configured. */
  readonly prices?: Readonly<Record<string, string>>;
}

export interface VendorLedger {
  readonly creates: readonly { readonly vendor: string; readonly reference: string | null; readonly jobId: string | null; readonly status: number | null; readonly dropped: boolean }[];
  readonly jobs: readonly { readonly vendor: string; readonly jobId: string; readonly reference: string | null; readonly billable: boolean; readonly credits: number; readonly outcome: string | null }[];
}

export interface ReceivedNews {
  /** `webhook-id` */
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly jobId: string;
  readonly status: string;
}

/** Something that must hold and does not. `rule`: I1 to I6, and I8, of what must hold whatever happens. */
export interface Breach {
  readonly rule: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I8';
  readonly what: string;
}

export type Check = (evidence: Evidence) => Promise<readonly Breach[]>;
