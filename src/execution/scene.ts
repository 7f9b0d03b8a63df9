import { Injectable } from '@nestjs/common';
import { Database } from '../platform/database.js';
import { Gathered } from '../platform/gathered.js';
import type { Credentials } from '../conversion/job-graph.js';
import { hasHeaders, isPlace } from '../conversion/places.js';
import { CredentialStore } from '../jobs/credential-store.js';
import { WHOLE_JOB, type WholeJob } from '../jobs/rows.js';
import type { LiveAttemptStatus, StageStatus } from '../jobs/states.js';
import type { StepPrice } from '../routing/step-price.js';
import type { Try } from './decide.js';
import type { Lease } from './stage-store.js';

export interface LiveAttempt {
  readonly id: string;
  readonly provider: string;
  /** The steps that the vendor's job is made of. */
  readonly stepIds: readonly string[];
  readonly status: LiveAttemptStatus;
  readonly reference: string;
  readonly providerJobId: string | null;
  /** What the vendor told last. */
  readonly word: string | null;
  readonly progress: number | null;
  /** What its list of jobs told last, where it was asked. */
  readonly listed: 'running' | 'ended' | 'gone' | null;
  readonly polls: number;
  /** By the database's clock, as in patience.ts. */
  readonly idleMs: number;
  readonly leftThenMs: number;
  readonly readFailures: number;
  readonly failingMs: number;
  /** Since when nobody knows whether the vendor took it, and how often its jobs were searched since. */
  readonly unknownMs: number;
  readonly searches: number;
  /** Keys of the uploads that the vendor took; one that came in as a process died may be missing. */
  readonly uploaded: readonly string[];
}

/** What an attempt is before anything is known of it. */
export const UNTOLD = { uploaded: [] as readonly string[], word: null, progress: null, listed: null, polls: 0, idleMs: 0, leftThenMs: 0, readFailures: 0, failingMs: 0, unknownMs: 0, searches: 0 } as const;

/** All that is needed to work on a stage. */
export interface Scene {
  readonly lease: Lease;
  readonly job: WholeJob;
  readonly provider: string;
  /** Those of the stage's steps that are not done: what a vendor's job made before it fell out is kept. */
  readonly stepIds: readonly string[];
  readonly stageStatus: StageStatus;
  readonly history: readonly Try[];
  /** What its steps were expected to cost when the stage was planned. */
  readonly prices: readonly StepPrice[];
  /** Whether it waits for room at its provider, or was given it; null: it never waited. */
  readonly room: 'waits' | 'given' | null;
  /** It is where it is because waiting elsewhere cost more. */
  readonly spilled: boolean;
  readonly attempt: LiveAttempt | null;
  /** The job's credentials, opened for whoever is about to use them, or must keep them out of what is written. Throws `Unsealable`. */
  credentials(): Promise<ReadonlyMap<string, Credentials>>;
}

/** What is claimed together is read together. */
const TOGETHER = { most: 20, lanes: 4 };

@Injectable()
export class SceneLoader {
  private readonly loading = new Gathered<Lease, Scene | null>((leases) => this.loadAll(leases), (lease) => this.loadOne(lease), TOGETHER);

  constructor(
    private readonly database: Database,
    private readonly credentialStore: CredentialStore,
  ) {}

  async load(lease: Lease): Promise<Scene | null> {
    return this.loading.do(lease);
  }

  private async loadOne(lease: Lease): Promise<Scene | null> {
    const [row] = await this.database.query<SceneRow>(LOAD_SCENE, [lease.stageId, lease.epoch]);
    return row === undefined ? null : this.toScene(lease, row);
  }

  private async loadAll(leases: readonly Lease[]): Promise<readonly (Scene | null)[]> {
    const rows = await this.database.query<SceneRow>(LOAD_SCENES, [leases.map(({ stageId }) => stageId), leases.map(({ epoch }) => epoch)]);
    return leases.map((lease) => {
      const row = rows.find(({ stage_id, epoch }) => stage_id === lease.stageId && epoch === lease.epoch);
      return row === undefined ? null : this.toScene(lease, row);
    });
  }

  private toScene(lease: Lease, { stage_id: _stageId, epoch: _epoch, scene, ...job }: SceneRow): Scene {
    const stepIds = scene.stepIds.filter((id) => job.steps.find((step) => step.id === id)?.status !== 'done');
    return { lease, job, ...scene, stepIds, credentials: () => (job.graph.exports.length > 0 || job.graph.inputs.some((input) => isPlace(input) || hasHeaders(input)) ? this.credentialStore.open(job.id) : Promise.resolve(new Map())) };
  }
}

type SceneRow = WholeJob & { readonly stage_id: string; readonly epoch: number; readonly scene: Pick<Scene, 'provider' | 'stepIds' | 'stageStatus' | 'history' | 'prices' | 'room' | 'spilled' | 'attempt'> };

const SCENE = `SELECT g.id AS stage_id, g.lease_epoch AS epoch, ${WHOLE_JOB}, json_build_object('provider', g.provider, 'stepIds', g.step_ids, 'stageStatus', g.status, 'history', g.history, 'prices', g.prices, 'room', g.room, 'spilled', g.spilled, 'attempt', (
    SELECT json_build_object('id', a.id, 'provider', a.provider, 'stepIds', a.step_ids, 'status', a.status, 'reference', a.reference, 'providerJobId', a.provider_job_id, 'word', a.word, 'progress', a.progress, 'listed', a.listed, 'polls', a.polls,
      'idleMs', extract(epoch FROM now() - a.moved_at) * 1000, 'leftThenMs', extract(epoch FROM j.deadline_at - a.moved_at) * 1000,
      'unknownMs', coalesce(extract(epoch FROM now() - a.unknown_since) * 1000, 0), 'searches', a.searches, 'uploaded', a.uploaded, 'readFailures', a.read_failures, 'failingMs', coalesce(extract(epoch FROM now() - a.failing_since) * 1000, 0))
    FROM attempt a WHERE a.stage_id = g.id AND a.ended_at IS NULL)) AS scene`;

const LOAD_SCENE = { name: 'load_scene', text: `${SCENE} FROM stage g JOIN job j ON j.id = g.job_id WHERE g.id = $1 AND g.lease_epoch = $2` };
const LOAD_SCENES = { name: 'load_scenes', text: `${SCENE} FROM stage g JOIN job j ON j.id = g.job_id WHERE g.id = ANY($1::uuid[]) AND (g.id, g.lease_epoch) IN (SELECT * FROM unnest($1::uuid[], $2::int[]))` };
