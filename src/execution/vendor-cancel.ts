import type { Abandoned } from '../jobs/job-ending.js';
import type { Registry } from '../providers/registry.js';

const PATIENCE_MS = 15_000;

/** Cancels what was left behind at the vendors, as far as that can be done there. Never rejects: here it is over in any case. */
export async function cancelAtVendors(registry: Registry, attempts: readonly Abandoned[]): Promise<void> {
  await Promise.all(
    attempts.map(async ({ provider, providerJobId }) => {
      if (providerJobId !== null) await registry.find(provider)?.guarded.cancel(providerJobId, AbortSignal.timeout(PATIENCE_MS)).catch(() => undefined);
    }),
  );
}
