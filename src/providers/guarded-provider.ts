import type { Catalogue } from '../conversion/catalogue.js';
import type { Content, CreatedJob, Inspection, Provider, Report, RunningJob, StageWork } from '../conversion/provider.js';
import { ProviderError } from '../conversion/errors.js';
import type { JobPage } from '../conversion/job-page.js';
import { redact, withoutSecrets } from '../conversion/redaction.js';
import { followingDeadline } from '../platform/deadline.js';
import { asSaid, type ErrorKinds } from './error-kinds-config.js';
import { readCallFailure } from './vendor-call.js';

/** How long one step of an attempt may take at the vendor, in ms, all its calls together. Uploads are bound by their idle time alone. */
const CREATE_MS = 60_000;
const START_MS = 60_000;
const READ_MS = 30_000;
const CANCEL_MS = 15_000;
/** Shorter than a roll call is held (roll-call-store.ts): a page that comes later is nobody's. */
const LIST_MS = 12_000;
/** A catalogue may be many pages. */
const INSPECT_MS = 60_000;
/** Where a vendor is asked pair by pair it is hundreds of calls. */
const CATALOGUE_MS = 300_000;
/** An id that no index takes would be lost after the job was made. */
const LONGEST_ID = 512;

/**
 * A provider as the rest of the service uses it: every call has a deadline, and whatever goes wrong is a `ProviderError`.
 * The adapter inside knows neither clocks nor policies. What a vendor repeats of our own `secrets` goes no further, and an error is of the kind that the
 * operator says (`kinds`) before it is of the adapter's.
 */
export class GuardedProvider {
  constructor(
    readonly inner: Provider,
    private readonly secrets: readonly string[] = [],
    private readonly kinds: ErrorKinds = {},
  ) {}

  create(work: StageWork, signal: AbortSignal): Promise<CreatedJob> {
    return this.guarded(signal, CREATE_MS, async (limited) => {
      const created = await this.inner.create(work, limited);
      if (created.providerJobId.length <= LONGEST_ID) return created;
      throw new ProviderError('malformed_response', `The provider answered the create with an id of ${created.providerJobId.length} characters.`, { code: 'id_too_long', created: 'unknown' });
    });
  }

  upload(work: StageWork, created: CreatedJob, inputId: string, content: Content, signal: AbortSignal): Promise<void> {
    return this.guarded(signal, null, (limited) => this.inner.upload(work, created, inputId, content, limited));
  }

  start(created: CreatedJob, signal: AbortSignal): Promise<void> {
    return this.guarded(signal, START_MS, (limited) => this.inner.start(created, limited));
  }

  read(job: RunningJob, signal: AbortSignal): Promise<Report> {
    return this.guarded(signal, READ_MS, async (limited) => this.freed(await this.inner.read(job, limited)));
  }

  /** What a proven callback's body tells of the job; null where it tells too little, or nothing that can be read. */
  readCallbackReport(job: RunningJob, body: string): Report | null {
    try {
      const report = this.inner.readCallbackReport(job, body);
      return report === null ? null : this.freed(report);
    } catch {
      return null;
    }
  }

  cancel(providerJobId: string, signal: AbortSignal): Promise<void> {
    return this.guarded(signal, CANCEL_MS, (limited) => this.inner.cancel(providerJobId, limited));
  }

  /** Whether there is a way to find a job whose create was never answered. */
  get canFind(): boolean {
    return this.inner.find !== undefined;
  }

  get canRegisterCallbacks(): boolean {
    return this.inner.registerCallbacks !== undefined;
  }

  registerCallbacks(url: string, isOurs: (endpoint: string) => boolean, signal: AbortSignal): Promise<'there' | 'made'> {
    return this.guarded(signal, READ_MS, async (limited) => (await this.inner.registerCallbacks?.(url, isOurs, limited)) ?? 'there');
  }

  find(reference: string, signal: AbortSignal): Promise<string | null> {
    return this.guarded(signal, READ_MS, async (limited) => (await this.inner.find?.(reference, limited)) ?? null);
  }

  /** Whether the account's jobs can be read by page. */
  get canList(): boolean {
    return this.inner.list !== undefined;
  }

  list(cursor: string | null, signal: AbortSignal): Promise<JobPage> {
    return this.guarded(signal, LIST_MS, async (limited) => {
      const { jobs, next } = (await this.inner.list?.(cursor, limited)) ?? { jobs: [], next: null };
      return { jobs: jobs.map((job) => (job.state === 'running' ? { ...job, word: redact(job.word, this.secrets) } : job)), next };
    });
  }

  /** Null where the adapter has no way to look. */
  async inspect(signal: AbortSignal): Promise<Inspection | null> {
    return this.guarded(signal, INSPECT_MS, async (limited) => (await this.inner.inspect?.(limited)) ?? null);
  }

  /** Null where the vendor has none that the adapter can read. */
  async catalogue(signal: AbortSignal): Promise<Catalogue | null> {
    return this.guarded(signal, CATALOGUE_MS, async (limited) => (await this.inner.catalogue?.(limited)) ?? null);
  }

  private freed(report: Report): Report {
    if (report.state === 'failed') return { ...report, error: this.told(report.error) };
    if (report.state === 'running') return { ...report, word: redact(report.word, this.secrets) };
    return report;
  }

  private told(error: ProviderError): ProviderError {
    return asSaid(withoutSecrets(error, this.secrets), this.kinds);
  }

  private async guarded<T>(signal: AbortSignal, ms: number | null, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    // Released as soon as the call is over: `AbortSignal.timeout` would hold on to the answer for as long as the call might have taken.
    const deadline = followingDeadline(signal);
    if (ms !== null) deadline.arm(ms);
    try {
      return await call(deadline.signal);
    } catch (error) {
      throw this.told(readCallFailure(error)) satisfies ProviderError;
    } finally {
      deadline.release();
    }
  }
}
