import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import type { RawCallback } from '../conversion/provider.js';
import { PLACE_TYPES } from '../conversion/places.js';
import { StageStore } from '../execution/stage-store.js';
import { notFound, Problem } from '../http/problem.js';
import { Database } from '../platform/database.js';
import { Registry } from '../providers/registry.js';
import { CallbackTokens } from './callback-tokens.js';

interface Addressed {
  readonly id: string;
  readonly stage_id: string;
  readonly provider_job_id: string | null;
  readonly ended: boolean;
  /** Its job came with credentials. */
  readonly credentialed: boolean;
}

const KEPT_BYTES = 64 * 1024;

/**
 * Takes in what a vendor tells. The token in the address is the attempt's reference, which only we and the vendor know; what the body says
 * is a hint all the same: it makes the attempt due, and the vendor is asked.
 */
@Injectable()
export class CallbackService {
  constructor(
    private readonly database: Database,
    private readonly stages: StageStore,
    private readonly registry: Registry,
    private readonly tokens: CallbackTokens,
  ) {}

  async receive(providerId: string, token: string, callback: RawCallback): Promise<void> {
    const own = await this.find(providerId, token);
    if (own === null && !(await this.tokens.fits(providerId, token))) throw notFound('callback');
    const provider = this.registry.find(providerId);
    if (provider === null) throw new Problem('gone', `The provider "${providerId}" is no longer configured.`);
    const reading = provider.guarded.inner.readCallback(callback);
    if (reading.verdict === 'refused') throw new Problem('unauthorized', 'The signature is missing or wrong.');
    // The account's own address: which job it is about, the body tells.
    const attempt = own ?? (reading.providerJobId === null ? null : await this.findJob(providerId, reading.providerJobId));
    const outcome = outcomeOf(attempt, reading.providerJobId);
    await this.database.transaction(async (sql) => {
      // A vendor was given the caller's credentials and may repeat them: of such a job, and of one that we do not know, only the body's hash is kept.
      // A body that came before changes nothing: one wake for any number of copies.
      const stored = await sql.query<{ id: string }>(
        `INSERT INTO callback (id, provider, attempt_id, body_hash, body, outcome) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (provider, body_hash) DO NOTHING RETURNING id`,
        [uuidv7(), providerId, attempt?.id ?? null, createHash('sha256').update(token).update(callback.body).digest('hex'), attempt === null || attempt.credentialed ? '' : toText(callback.body), outcome],
      );
      if (stored.length > 0 && outcome === 'hint' && attempt !== null) await this.stages.wake(sql, attempt.stage_id);
    });
  }

  private async find(provider: string, token: string): Promise<Addressed | null> {
    if (!/^[A-Za-z0-9_-]{22,64}$/.test(token)) return null;
    const rows = await this.database.query<Addressed>(`${ADDRESSED} WHERE reference = $1 AND provider = $2`, [token, provider, PLACE_TYPES]);
    return rows[0] ?? null;
  }

  private async findJob(provider: string, providerJobId: string): Promise<Addressed | null> {
    const rows = await this.database.query<Addressed>(`${ADDRESSED} WHERE provider_job_id = $1 AND provider = $2`, [providerJobId, provider, PLACE_TYPES]);
    return rows[0] ?? null;
  }
}

const ADDRESSED = `
  SELECT id, stage_id, provider_job_id, ended_at IS NOT NULL AS ended,
    EXISTS (SELECT 1 FROM job_input i WHERE i.job_id = attempt.job_id AND i.type = ANY($3)) OR EXISTS (SELECT 1 FROM job_export x WHERE x.job_id = attempt.job_id) AS credentialed
  FROM attempt`;

function outcomeOf(attempt: Addressed | null, providerJobId: string | null): 'unknown_job' | 'other_job' | 'late' | 'hint' {
  if (attempt === null) return 'unknown_job';
  if (providerJobId !== null && attempt.provider_job_id !== null && providerJobId !== attempt.provider_job_id) return 'other_job';
  return attempt.ended ? 'late' : 'hint';
}

/** PostgreSQL keeps no NUL in text. */
function toText(body: Buffer): string {
  return body.subarray(0, KEPT_BYTES).toString('utf8').replaceAll('\0', '\uFFFD');
}
