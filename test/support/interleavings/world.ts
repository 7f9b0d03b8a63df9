import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { JobBody } from '../../../src/conversion/job-body.js';
import type { Scene } from '../../../src/execution/scene.js';
import { LeaseLost, type Lease } from '../../../src/execution/stage-store.js';
import { Problem } from '../../../src/http/problem.js';
import { hasEnded } from '../../../src/jobs/states.js';
import { afterTry } from '../../../src/webhooks/delivery-schedule.js';
import type { ClaimedDelivery } from '../../../src/webhooks/delivery-store.js';
import { TENANT, type EngineRoom } from '../engine-room.js';
import type { Action } from './actions.js';
import { CALM, Turn, type Script } from './script.js';
import type { ScriptedProvider } from './scripted-provider.js';
import { workers } from './workers.js';

const NEXT_HOUR = [
  `UPDATE stage SET due_at = now() - make_interval(secs => 1) WHERE due_at > now()`,
  `UPDATE delivery SET due_at = now() - make_interval(secs => 1) WHERE due_at > now()`,
];

/** Some workers, and what is thrown at them. Everything but the vendors and the clock is the service's own. */
export class World {
  /** What nobody expected: errors that are no part of the service's own dealings. */
  readonly surprises: unknown[] = [];
  private readonly jobs: string[] = [];
  private readonly leases: Lease[] = [];
  private readonly scenes: Scene[] = [];
  private readonly stopped: Turn[] = [];
  private readonly deliveries: ClaimedDelivery[] = [];
  private readonly crew: ReturnType<typeof workers>;

  constructor(
    private readonly room: EngineRoom,
    private readonly providers: readonly ScriptedProvider[],
  ) {
    this.crew = workers(room);
  }

  async perform(action: Action): Promise<void> {
    switch (action.do) {
      case 'accept':
        return this.asked(async () => {
          const webhook = action.webhook ? { webhook: { url: 'https://caller.example/hook' } } : {};
          const job = await this.room.accept({ ...bodyOf(action.shape), ...webhook, routing: { prefer: [action.prefer], maxAttempts: action.maxAttempts } });
          this.jobs.push(job.id);
        });
      case 'work': {
        await this.pass();
        const leases = await this.room.claim(action.scripts.length);
        await Promise.all(leases.map((lease, index) => this.workOn(lease, action.scripts[index] ?? CALM)));
        return;
      }
      case 'claim':
        await this.pass();
        return void this.leases.push(...(await this.room.claim(2)));
      case 'late': {
        const lease = this.leases.pop();
        if (lease !== undefined) return this.workOn(lease, action.script);
        const scene = pickOf(this.scenes, action.pick);
        return scene === undefined ? undefined : this.workIn(scene, action.script);
      }
      case 'thaw': {
        const [turn] = this.stopped.splice(action.pick % Math.max(1, this.stopped.length), 1);
        return turn?.thaw();
      }
      case 'expire':
        await this.room.test.query(`UPDATE stage SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL`);
        await this.room.test.query('UPDATE provider_throttle SET paused_until = now() WHERE paused_until > now()');
        return void (await this.room.test.query(`UPDATE delivery SET lease_until = now() - interval '1 second' WHERE lease_until IS NOT NULL`));
      case 'callback': {
        const attempts = await this.room.test.query<{ provider: string; reference: string }>('SELECT provider, reference FROM attempt ORDER BY id DESC');
        const attempt = pickOf(attempts, action.pick);
        if (attempt === undefined) return;
        return this.asked(() => this.crew.callbacks.receive(attempt.provider, attempt.reference, { headers: action.signed ? { signature: 'genuine' } : {}, body: Buffer.from(action.body) }));
      }
      case 'upload':
        return this.ofJob(action.pick, (jobId) => this.crew.uploads.receive(TENANT, jobId, 'file', Readable.from(['bytes']), null));
      case 'cancel':
        return this.ofJob(action.pick, (jobId) => this.room.cancels.cancel(TENANT, jobId));
      case 'retry':
        return this.ofJob(action.pick, async (jobId) => {
          const old = await this.room.find(jobId);
          const credentials = Object.fromEntries(old.graph.exports.map(({ id }) => [id, KEYS]));
          this.jobs.push((await this.crew.retries.retry(old, credentials)).id);
        });
      case 'configure': {
        const provider = this.providers.find(({ id }) => id === action.provider);
        if (provider !== undefined) provider.configured = action.there;
        return;
      }
      case 'overdue':
        return this.ofJob(action.pick, async (jobId) => {
          await this.room.test.query(`UPDATE job SET deadline_at = now() - interval '1 second' WHERE id = $1`, [jobId]);
          await this.room.deadlines.failOverdue();
        });
      case 'silence':
        return void (await this.room.test.query(`UPDATE attempt SET moved_at = moved_at - interval '1 hour', unknown_since = unknown_since - interval '1 hour', failing_since = failing_since - interval '1 hour' WHERE ended_at IS NULL`));
      case 'orphans':
        await this.room.test.query('UPDATE orphan SET due_at = now() - make_interval(secs => 1) WHERE due_at IS NOT NULL');
        return void (await this.room.orphans.search());
      case 'deliver':
        return this.deliver(action.status, action.late);
      case 'both':
        return void (await Promise.all([this.perform(action.one), this.perform(action.other)]));
      default:
        return action satisfies never;
    }
  }

  /** Whoever stopped goes on, after all is over: nothing of it may count any more. */
  async thawAll(): Promise<void> {
    for (const turn of this.stopped.splice(0)) await turn.thaw();
  }

  private async pass(): Promise<void> {
    for (const statement of NEXT_HOUR) await this.room.test.query(statement);
  }

  /** As the engine does it. */
  private async workOn(lease: Lease, script: Script): Promise<void> {
    const scene = await this.room.scenes.load(lease);
    if (scene === null) return;
    if (hasEnded(scene.job.status) || scene.stageStatus !== 'active') return this.room.stages.release(lease, null);
    await this.workIn(scene, script);
  }

  private async workIn(scene: Scene, script: Script): Promise<void> {
    const turn = new Turn(script);
    const outcome = await turn.run(async () => {
      try {
        const afterMs = await this.crew.worker.work(scene, new AbortController().signal);
        if (afterMs !== null) await this.room.stages.release(scene.lease, afterMs);
      } catch (error) {
        if (!(error instanceof LeaseLost)) this.surprises.push(error);
      }
    });
    if (outcome === 'stopped') this.stopped.push(turn);
    else this.scenes.push(scene);
  }

  private async deliver(status: number | null, late: boolean): Promise<void> {
    await this.pass();
    const claimed = late ? this.deliveries.splice(0) : await this.crew.deliveries.claim(randomUUID(), 3, {}, 3);
    for (const delivery of claimed) {
      // No answer, and the relay is gone: the lease has to run out.
      if (status === null && !late) this.deliveries.push(delivery);
      else await this.crew.deliveries.settle(delivery, { status, error: null, retryAfterMs: null }, 1, afterTry({ status, error: null, retryAfterMs: null }, delivery.tries + 1, 0));
    }
  }

  private ofJob(pick: number, act: (jobId: string) => Promise<unknown>): Promise<void> {
    const jobId = pickOf(this.jobs, pick);
    return jobId === undefined ? Promise.resolve() : this.asked(() => act(jobId));
  }

  /** What a caller or a vendor asks for may be refused. */
  private async asked(act: () => Promise<unknown>): Promise<void> {
    await act().catch((error: unknown) => {
      if (!(error instanceof Problem)) this.surprises.push(error);
    });
  }
}

const pickOf = <T>(items: readonly T[], pick: number): T | undefined => items[pick % Math.max(1, items.length)];

const KEYS = { accessKeyId: 'id', secretAccessKey: 'secret' };
const BUCKET = { id: 'bucket', type: 's3', bucket: 'b', key: 'out.png', region: 'eu-west-1', credentials: KEYS };
const CHAIN = [{ id: 'a', operation: 'convert', to: 'png' }, { id: 'b', operation: 'compress' }];

function bodyOf(shape: Extract<Action, { readonly do: 'accept' }>['shape']): Partial<JobBody> {
  switch (shape) {
    case 'single':
      return {};
    case 'chain':
      return { steps: CHAIN };
    case 'diamond':
      return {
        inputs: ['x', 'y'].map((id) => ({ id, type: 'url', url: `https://example.com/${id}.jpg` })),
        steps: [{ id: 'a', operation: 'convert', to: 'png', inputs: ['x'] }, { id: 'b', operation: 'convert', to: 'png', inputs: ['y'] }, { id: 'c', operation: 'compress', inputs: ['a', 'b'] }],
      };
    case 'upload':
      return { inputs: [{ id: 'file', type: 'upload', filename: 'a.jpg' }], steps: CHAIN };
    case 'export':
      return { exports: [BUCKET] };
    case 'chain with export':
      return { steps: CHAIN, exports: [BUCKET] };
    default:
      return shape satisfies never;
  }
}
