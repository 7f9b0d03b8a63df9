import { randomBytes } from 'node:crypto';
import type { Database } from '../platform/database.js';
import { seal, unseal } from '../platform/sealing.js';

/** Standard Webhooks asks for 24 to 64 bytes. */
const SECRET_BYTES = 32;

/** Bound to their rows: sealed bytes that are moved to another job or tenant do not open there. */
const placeOfJob = (jobId: string): string => `job/${jobId}/webhook`;
const placeOfTenant = (tenant: string): string => `tenant/${tenant}/webhook-secret`;

/** What signs webhooks: a job's own secret, or its tenant's. Sealed before they reach the database, opened for the one who is about to sign. */
export class WebhookSecrets {
  /** `key`: 32 bytes. */
  constructor(
    private readonly database: Database,
    private readonly key: Buffer,
  ) {}

  /** For the row of a job that is about to be written, in base64. */
  seal(jobId: string, secret: string): string {
    return seal(this.key, placeOfJob(jobId), secret).toString('base64');
  }

  /** Throws `Unsealable`. */
  open(jobId: string, sealed: Buffer): string {
    return unseal(this.key, placeOfJob(jobId), sealed);
  }

  /** The tenant's, made when it is first asked for: "whsec_…". Whoever asks at the same time gets the same. Throws `Unsealable`. */
  async ofTenant(tenant: string): Promise<string> {
    const kept = await this.find(tenant);
    if (kept !== null) return kept;
    const sealed = seal(this.key, placeOfTenant(tenant), `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`);
    await this.database.query('INSERT INTO webhook_secret (tenant, sealed) VALUES ($1, $2) ON CONFLICT (tenant) DO NOTHING', [tenant, sealed]);
    const made = await this.find(tenant);
    if (made === null) throw new Error('the webhook secret was not kept');
    return made;
  }

  private async find(tenant: string): Promise<string | null> {
    const [row] = await this.database.query<{ sealed: Buffer }>('SELECT sealed FROM webhook_secret WHERE tenant = $1', [tenant]);
    return row === undefined ? null : unseal(this.key, placeOfTenant(tenant), row.sealed);
  }
}
