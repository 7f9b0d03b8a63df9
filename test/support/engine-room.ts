import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import type { JobBody } from '../../src/conversion/job-body.js';
import type { Budget } from '../../src/accounts/budget.js';
import { BudgetStore } from '../../src/accounts/budget-store.js';
import { Spending } from '../../src/accounts/spending.js';
import { AttemptStore } from '../../src/execution/attempt-store.js';
import { AttemptEnds } from '../../src/execution/attempt-ends.js';
import { CancelService } from '../../src/execution/cancel.service.js';
import { Deadlines } from '../../src/execution/deadlines.js';
import { Gate } from '../../src/execution/gate.js';
import { RoomKeeper } from '../../src/execution/room-keeper.js';
import { WaitingRoom } from '../../src/execution/waiting-room.js';
import { Replanner } from '../../src/execution/replan.js';
import { SceneLoader, type LiveAttempt, type Scene } from '../../src/execution/scene.js';
import { SettleService } from '../../src/execution/settle.service.js';
import { StageStore, type Lease } from '../../src/execution/stage-store.js';
import { LeftBehind } from '../../src/execution/left-behind.js';
import { OrphanSearch } from '../../src/execution/orphan-search.js';
import { SweeperService } from '../../src/execution/sweeper.service.js';
import type { KeptFile } from '../../src/files/result-keeper.js';
import { Staging } from '../../src/files/staging.js';
import { AcceptService } from '../../src/jobs/accept.service.js';
import { CredentialStore } from '../../src/jobs/credential-store.js';
import { DecisionStore } from '../../src/jobs/decision-store.js';
import { JobEnding } from '../../src/jobs/job-ending.js';
import { InputFilesService } from '../../src/jobs/input-files.service.js';
import { JobReader } from '../../src/jobs/job-reader.service.js';
import { JobStore } from '../../src/jobs/job-store.js';
import { QuoteService } from '../../src/jobs/quote.service.js';
import { QuoteStore } from '../../src/jobs/quote-store.js';
import type { WholeJob } from '../../src/jobs/rows.js';
import { WebhookSecrets } from '../../src/jobs/webhook-secrets.js';
import { Database } from '../../src/platform/database.js';
import { parseCidrs } from '../../src/platform/egress.js';
import { Metrics } from '../../src/platform/metrics.js';
import type { ProviderConfig } from '../../src/providers/provider-config.js';
import { BreakerOutcomes } from '../../src/routing/breaker-outcomes.js';
import { UnmappedErrors } from '../../src/routing/unmapped-errors.js';
import { BreakerStore } from '../../src/routing/breaker-store.js';
import { CatalogueViews } from '../../src/routing/catalogue-views.js';
import { LimitBoard } from '../../src/routing/limit-board.js';
import { RouterService } from '../../src/routing/router.service.js';
import { StandingBoard } from '../../src/routing/standing-board.js';
import { ThrottleStore } from '../../src/routing/throttle-store.js';
import { StandingStore } from '../../src/routing/standing-store.js';
import { testDatabase, type TestDatabase } from './database.js';
import { fakeRegistry, type FakeProvider } from './fake-provider.js';

/** The engine's own classes on a database of their own, with hand-made providers and nothing that runs by itself. */
export interface EngineRoom extends ReturnType<typeof classes> {
  readonly test: TestDatabase;
  readonly database: Database;
  readonly staging: Staging;
  accept(body: Partial<JobBody>): Promise<WholeJob>;
  find(jobId: string): Promise<WholeJob>;
  /** Claims what is due now, at most `limit`. */
  claim(limit?: number): Promise<Lease[]>;
  /** The scene of a lease, with a running attempt. */
  running(lease: Lease): Promise<{ readonly scene: Scene; readonly attempt: LiveAttempt }>;
  events(jobId: string): Promise<string[]>;
  /** As if nothing had ever happened here. */
  empty(): Promise<void>;
  close(): Promise<void>;
}

const MONEY = { currency: 'USD', rates: { EUR: '1.2' } };
export const TENANT = 'default';
export const SECRETS_KEY = Buffer.alloc(32, 7);

export async function engineRoom(providers: readonly FakeProvider[], config: Partial<ProviderConfig> = {}, budgets: readonly Budget[] = []): Promise<EngineRoom> {
  const test = await testDatabase();
  const database = Database.open(test.url);
  const root = await mkdtemp(join(tmpdir(), 'engine-room-'));
  const staging = new Staging(root);
  const made = classes(database, staging, providers, config, budgets);
  const find = async (jobId: string): Promise<WholeJob> => {
    const job = await made.jobs.find(TENANT, jobId);
    if (job === null) throw new Error(`no job ${jobId}`);
    return job;
  };
  const sceneOf = async (lease: Lease): Promise<Scene> => {
    const scene = await made.scenes.load(lease);
    if (scene === null) throw new Error('the lease is lost');
    return scene;
  };
  return {
    ...made,
    test,
    database,
    staging,
    find,
    accept: (body) => made.accepts.accept(TENANT, { inputs: [{ type: 'url', url: 'https://example.com/a.jpg' }], steps: [{ operation: 'convert', to: 'png' }], ...body }),
    claim: (limit = 100) => made.stages.claim(randomUUID(), limit),
    running: async (lease) => {
      const before = await sceneOf(lease);
      const begun = await made.attempts.begin(before, { id: uuidv7(), reference: randomUUID() }, null);
      if (begun === null) throw new Error('the provider is full');
      await made.attempts.created(before, begun.id, `theirs-${begun.id}`);
      await database.query(`UPDATE attempt SET status = 'running' WHERE id = $1`, [begun.id]);
      const scene = await sceneOf(lease);
      if (scene.attempt === null) throw new Error('the attempt is not there');
      return { scene, attempt: scene.attempt };
    },
    events: async (jobId) => (await test.query<{ type: string }>('SELECT type FROM event WHERE job_id = $1 ORDER BY sequence', [jobId])).map(({ type }) => type),
    empty: async () => {
      await test.query('TRUNCATE job, callback, provider_throttle CASCADE');
      made.limits.put(new Map());
    },
    close: async () => {
      await made.outcomes.flush();
      await database.close();
      await test.drop();
      await rm(root, { recursive: true, force: true });
    },
  };
}

function classes(database: Database, staging: Staging, providers: readonly FakeProvider[], config: Partial<ProviderConfig>, budgets: readonly Budget[]) {
  const spending = new Spending(() => undefined, budgets);
  const registry = fakeRegistry(providers, config);
  const views = new CatalogueViews(registry);
  const board = new StandingBoard();
  const standings = new StandingStore(database);
  const breakers = new BreakerStore(database, { raw: { BREAKER_OPEN_MS: 30_000 } });
  const outcomes = new BreakerOutcomes(breakers, board);
  const unmapped = new UnmappedErrors(database, new Metrics());
  const limits = new LimitBoard();
  const throttle = new ThrottleStore(database);
  const rooms = new RoomKeeper(database, registry, limits, throttle);
  const ends = new AttemptEnds(registry, outcomes, rooms, unmapped, spending);
  const router = new RouterService(registry, views, board, limits);
  const credentials = new CredentialStore(database, SECRETS_KEY);
  const secrets = new WebhookSecrets(database, SECRETS_KEY);
  const jobs = new JobStore(database, credentials, secrets, spending);
  const inputFiles = new InputFilesService(database, staging);
  const reader = new JobReader(registry, router, inputFiles, { egress: { allow: parseCidrs('') }, maxUploadBytes: 5_368_709_120, money: MONEY }, spending);
  const quoteStore = new QuoteStore(database);
  const stages = new StageStore(database);
  const ending = new JobEnding(spending);
  const cancels = new CancelService(database, ending, registry);
  const orphans = new OrphanSearch(database, registry);
  const replanner = new Replanner(router, registry, stages, spending);
  const leftBehind = new LeftBehind(database, registry, spending);
  const deadlines = new Deadlines(database, ending, registry, outcomes);
  return {
    board,
    limits,
    throttle,
    rooms,
    waitingRoom: new WaitingRoom(database, limits, replanner, rooms, stages),
    standings,
    breakers,
    outcomes,
    deadlines,
    spending,
    budgets: new BudgetStore(database),
    leftBehind,
    gate: new Gate(database, board, breakers, replanner, stages),
    registry,
    views,
    router,
    orphans,
    secrets,
    jobs,
    stages,
    ending,
    cancels,
    reader,
    quotes: new QuoteService(reader, quoteStore),
    decisions: new DecisionStore(database),
    accepts: new AcceptService(jobs, reader, router, inputFiles, quoteStore),
    scenes: new SceneLoader(database, credentials),
    attempts: new AttemptStore(database, stages, limits, spending),
    settle: new SettleService(database, stages, ending, replanner, ends),
    unmapped,
    ends,
    sweeper: new SweeperService(database, staging, leftBehind, orphans, deadlines),
  };
}

/** A result of `step`, as if it had been fetched. */
export function keptFile(step: string, more: Partial<KeptFile> = {}): KeptFile {
  return {
    path: `00/${randomUUID()}`, filename: `${step}.png`, contentType: 'image/png', size: 5, sha256: 'ab'.repeat(32),
    source: { step, providerFileId: `file-${step}`, url: 'https://vendor.example/file', filename: null, contentType: null, size: null },
    ...more,
  };
}

/** Asks until it is so. */
export async function until(isSo: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  for (const end = performance.now() + ms; !(await isSo()); ) {
    if (performance.now() > end) throw new Error(`it was not so within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
