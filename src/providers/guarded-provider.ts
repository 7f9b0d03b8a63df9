import type { Catalogue } from '../conversion/catalogue.js';
import type { Content, CreatedJob, Inspection, Provider, Report, RunningJob, StageWork } from '../conversion/provider.js';
import { ProviderError } from '../conversion/errors.js';
import { readCallFailure } from './vendor-call.js';

/** How long one step of an attempt may take at the vendor, in ms, all its calls together. Uploads are bound by their idle time alone. */
const CREATE_MS = 60_000;
const START_MS = 60_000;
const READ_MS = 30_000;
const CANCEL_MS = 15_000;
/** A catalogue may be many pages. */
const INSPECT_MS = 60_000;
/** Where a vendor is asked pair by pair it is hundreds of calls. */
const CATALOGUE_MS = 300_000;
/** An id that no index takes would be lost after the job was made. */
const LONGEST_ID = 512;

/**
 * A provider as the rest of the service uses it: every call has a deadline, and whatever goes wrong is a `ProviderError`.
 * The adapter inside knows neither clocks nor policies.
 */
export class GuardedProvider {
  constructor(readonly inner: Provider) {}

  create(work: StageWork, signal: AbortSignal): Promise<CreatedJob> {
    return guarded(signal, CREATE_MS, async (limited) => {
      const created = await this.inner.create(work, limited);
      if (created.providerJobId.length <= LONGEST_ID) return created;
      throw new ProviderError('malformed_response', `The provider answered the create with an id of ${created.providerJobId.length} characters.`, { code: 'id_too_long', created: 'unknown' });
    });
  }

  upload(work: StageWork, created: CreatedJob, inputId: string, content: Content, signal: AbortSignal): Promise<void> {
    return guarded(signal, null, (limited) => this.inner.upload(work, created, inputId, content, limited));
  }

  start(created: CreatedJob, signal: AbortSignal): Promise<void> {
    return guarded(signal, START_MS, (limited) => this.inner.start(created, limited));
  }

  read(job: RunningJob, signal: AbortSignal): Promise<Report> {
    return guarded(signal, READ_MS, (limited) => this.inner.read(job, limited));
  }

  /** What a proven callback's body tells of the job; null where it tells too little, or nothing that can be read. */
  readCallbackReport(job: RunningJob, body: string): Report | null {
    try {
      return this.inner.readCallbackReport(job, body);
    } catch {
      return null;
    }
  }

  cancel(providerJobId: string, signal: AbortSignal): Promise<void> {
    return guarded(signal, CANCEL_MS, (limited) => this.inner.cancel(providerJobId, limited));
  }

  /** Whether there is a way to find a job whose create was never answered. */
  get canFind(): boolean {
    return this.inner.find !== undefined;
  }

  get canRegisterCallbacks(): boolean {
    return this.inner.registerCallbacks !== undefined;
  }

  registerCallbacks(url: string, isOurs: (endpoint: string) => boolean, signal: AbortSignal): Promise<'there' | 'made'> {
    return guarded(signal, READ_MS, async (limited) => (await this.inner.registerCallbacks?.(url, isOurs, limited)) ?? 'there');
  }

  find(reference: string, signal: AbortSignal): Promise<string | null> {
    return guarded(signal, READ_MS, async (limited) => (await this.inner.find?.(reference, limited)) ?? null);
  }

  /** Null where the adapter has no way to look. */
  async inspect(signal: AbortSignal): Promise<Inspection | null> {
    return guarded(signal, INSPECT_MS, async (limited) => (await this.inner.inspect?.(limited)) ?? null);
  }

  /** Null where the vendor has none that the adapter can read. */
  async catalogue(signal: AbortSignal): Promise<Catalogue | null> {
    return guarded(signal, CATALOGUE_MS, async (limited) => (await this.inner.catalogue?.(limited)) ?? null);
  }
}

async function guarded<T>(signal: AbortSignal, ms: number | null, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await call(ms === null ? signal : AbortSignal.any([signal, AbortSignal.timeout(ms)]));
  } catch (error) {
    throw readCallFailure(error) satisfies ProviderError;
  }
}
