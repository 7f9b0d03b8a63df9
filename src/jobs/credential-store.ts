import type { Credentials } from '../conversion/job-graph.js';
import type { Database } from '../platform/database.js';
import { seal, unseal } from '../platform/sealing.js';

/** A credential row as it is written: `sealed` in base64. */
export interface SealedCredential {
  readonly place_id: string;
  readonly sealed: string;
}

/** Bound to its row: sealed bytes that are moved to another job or place do not open there. */
const placeOf = (jobId: string, placeId: string): string => `job/${jobId}/${placeId}`;

/** Callers' credentials: sealed before they reach the database, opened for the one who is about to use them, erased when the job has ended. */
export class CredentialStore {
  /** `key`: 32 bytes. */
  constructor(
    private readonly database: Database,
    private readonly key: Buffer,
  ) {}

  /** The rows of a job that is about to be written, by the statement that writes the job. */
  seal(jobId: string, credentials: ReadonlyMap<string, Credentials>): readonly SealedCredential[] {
    return [...credentials].map(([id, values]) => ({ place_id: id, sealed: seal(this.key, placeOf(jobId, id), JSON.stringify(values)).toString('base64') }));
  }

  /** All of a job's, by place id. Throws `Unsealable`. */
  async open(jobId: string): Promise<ReadonlyMap<string, Credentials>> {
    const rows = await this.database.query<{ place_id: string; sealed: Buffer }>('SELECT place_id, sealed FROM credential WHERE job_id = $1', [jobId]);
    return new Map(rows.map(({ place_id, sealed }) => [place_id, JSON.parse(unseal(this.key, placeOf(jobId, place_id), sealed)) as Credentials]));
  }
}
