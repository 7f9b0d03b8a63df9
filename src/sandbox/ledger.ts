import type { StoredObject, StoreLocation } from './cloud/pretend-cloud.js';
import type { VendorName } from './scenario.js';

/** A create as it was received, whatever came of it. */
export interface ReceivedCreate {
  readonly at: string;
  readonly vendor: VendorName;
  readonly key: string | null;
  /** What the caller can be known by: the callback URL at api2convert, the tag at RunConvert. */
  readonly reference: string | null;
  jobId: string | null;
  /** HTTP status answered; null while it is open and where the answer was dropped. */
  status: number | null;
  dropped: boolean;
}

export interface LedgerJob {
  readonly vendor: VendorName;
  readonly jobId: string;
  readonly key: string;
  readonly reference: string | null;
  readonly createdAt: string;
  /** When processing began: from here on the job is billable. */
  startedAt: string | null;
  billable: boolean;
  /** Credits charged; only work that succeeded is. */
  credits: number;
  uploads: number;
  downloads: number;
  /** null while it runs. */
  outcome: 'completed' | 'failed' | 'canceled' | null;
  endedAt: string | null;
}

export interface SentCallback {
  readonly at: string;
  readonly vendor: VendorName;
  readonly jobId: string;
  /** The status or event told. */
  readonly label: string;
  readonly attempt: number;
  /** HTTP status answered, or null where no answer came. */
  readonly status: number | null;
}

/** A result that a vendor put into a store of the caller's. */
export interface Delivery extends StoreLocation {
  readonly at: string;
  readonly vendor: VendorName;
  readonly jobId: string;
  readonly size: number;
  /** Hex. */
  readonly sha256: string;
}

/** What the vendors remember for an auditor: every create, every job's run and cost, every callback sent, every delivery. */
export class Ledger {
  private readonly creates: ReceivedCreate[] = [];
  private readonly jobs = new Map<string, LedgerJob>();
  private readonly callbacks: SentCallback[] = [];
  private readonly deliveries: Delivery[] = [];
  private readonly spent = new Map<string, number>();

  received(vendor: VendorName, key: string | null, reference: string | null): ReceivedCreate {
    const create: ReceivedCreate = { at: now(), vendor, key, reference, jobId: null, status: null, dropped: false };
    this.creates.push(create);
    return create;
  }

  opened(vendor: VendorName, jobId: string, key: string, reference: string | null): LedgerJob {
    const job: LedgerJob = {
      ...{ vendor, jobId, key, reference, createdAt: now(), startedAt: null, billable: false },
      ...{ credits: 0, uploads: 0, downloads: 0, outcome: null, endedAt: null },
    };
    this.jobs.set(jobId, job);
    return job;
  }

  sent(vendor: VendorName, jobId: string, label: string, attempt: number, status: number | null): void {
    this.callbacks.push({ at: now(), vendor, jobId, label, attempt, status });
  }

  delivered(vendor: VendorName, jobId: string, { store, place, key, bytes, sha256, storedAt }: StoredObject): void {
    this.deliveries.push({ at: storedAt.toISOString(), vendor, jobId, store, place, key, size: bytes.length, sha256 });
  }

  charge(job: LedgerJob, credits: number): void {
    const account = `${job.vendor} ${job.key}`;
    job.credits += credits;
    this.spent.set(account, (this.spent.get(account) ?? 0) + credits);
  }

  creditsOf(vendor: VendorName, key: string): number {
    return this.spent.get(`${vendor} ${key}`) ?? 0;
  }

  jobsOf(vendor: VendorName, key: string): LedgerJob[] {
    return [...this.jobs.values()].filter((job) => job.vendor === vendor && job.key === key);
  }

  view(): LedgerView {
    return { creates: this.creates, jobs: [...this.jobs.values()], callbacks: this.callbacks, deliveries: this.deliveries };
  }

  clear(): void {
    this.creates.length = 0;
    this.jobs.clear();
    this.callbacks.length = 0;
    this.deliveries.length = 0;
    this.spent.clear();
  }
}

export interface LedgerView {
  readonly creates: readonly ReceivedCreate[];
  readonly jobs: readonly LedgerJob[];
  readonly callbacks: readonly SentCallback[];
  readonly deliveries: readonly Delivery[];
}

export function began(entry: LedgerJob): void {
  entry.startedAt ??= now();
  entry.billable = true;
}

export function ended(entry: LedgerJob, outcome: NonNullable<LedgerJob['outcome']>): void {
  entry.outcome ??= outcome;
  entry.endedAt ??= now();
}

function now(): string {
  return new Date().toISOString();
}
