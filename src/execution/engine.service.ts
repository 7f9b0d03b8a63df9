import { setTimeout as pause } from 'node:timers/promises';
import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { v7 as uuidv7 } from 'uuid';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Listener } from '../platform/listener.js';
import { Pressure } from '../platform/pressure.js';
import { LEASE_SECONDS, StageStore, type Lease } from './stage-store.js';
import { StageTurn } from './stage-turn.js';

/** How many stages one process works on at once: they wait for the network, not for the processor. */
const AT_ONCE = 64;
const BATCH = 20;
/** Between looks for what became due; news shorten it. */
const LOOK_MS = 200;
/** From one look to the next at the least: under load what becomes due meanwhile is claimed together. */
const REST_MS = 10;
/** Claims by age for each that looks whether there are other tenants, as long as there are none. */
const ONE_TENANT = 10;
const TROUBLE_MS = 1000;
const DRAIN_MS = 10_000;

/** Claims stages that are due and has them worked on, until it is told to stop. Any number of processes do so on one database. */
@Injectable()
export class EngineService implements BeforeApplicationShutdown {
  private readonly log = new Logger('engine');
  private readonly owner = uuidv7();
  private readonly running = new Map<Lease, Promise<void>>();
  private readonly abort = new AbortController();
  /** One for each lease: what is worked on for nothing is broken off, however slowly a vendor still sends. */
  private readonly losses = new Map<Lease, AbortController>();
  private loop: Promise<void> | null = null;
  private wakeUp: () => void = () => undefined;
  /** News came since the last look. */
  private woken = false;
  private heartbeat: NodeJS.Timeout | undefined;
  private stopping = false;
  /** More was due than the last claim took: then whose turn it is counts, and here is whose it was. */
  private behind = false;
  private lastTenant = '';
  /** Claims for which it need not count, for only one tenant was there. */
  private oneTenant = 0;
  /** The database failed us: leases of ours may be about that nobody works on. */
  private troubled = false;

  constructor(
    private readonly stages: StageStore,
    private readonly turns: StageTurn,
    private readonly listener: Listener,
    private readonly pressure: Pressure,
  ) {}

  start(): void {
    this.listener.on('conversion_due', () => this.wake());
    this.heartbeat = setInterval(() => void this.beat().catch((error: unknown) => this.trouble(error)), (LEASE_SECONDS * 1000) / 3);
    this.loop = this.run();
  }

  /** No new work at once; what runs may end, and is handed over with its lease when it takes too long. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.loop === null) return;
    this.stopping = true;
    this.wake();
    await this.loop;
    const late = setTimeout(() => this.abort.abort(), DRAIN_MS);
    await Promise.all(this.running.values());
    clearTimeout(late);
    clearInterval(this.heartbeat);
  }

  private async beat(): Promise<void> {
    await this.stages.renew(this.owner, [...this.running.keys()]);
    const lost = await this.stages.lost([...this.running.keys()]);
    for (const lease of lost) this.losses.get(lease)?.abort();
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const next = performance.now() + REST_MS;
      this.woken = false;
      const free = Math.min(BATCH, AT_ONCE - this.running.size);
      const leases = free > 0 ? await this.claim(free) : [];
      for (const lease of leases) this.take(lease);
      if (free > 0) this.behind = leases.length === free;
      this.pressure.workIsBehind('stages', free === 0 || this.behind);
      if (leases.length < BATCH) await this.sleep(leases === NONE ? TROUBLE_MS : LOOK_MS);
      await pause(Math.max(0, next - performance.now()));
    }
  }

  private async claim(limit: number): Promise<readonly Lease[]> {
    try {
      const troubled = this.troubled;
      // Before the answer: work that fails meanwhile has a lease that is not given back here.
      this.troubled = false;
      if (troubled) await this.stages.giveBack(this.owner, [...this.running.keys()]);
      if (!this.behind || this.oneTenant > 0) {
        this.oneTenant -= 1;
        return await this.stages.claim(this.owner, limit);
      }
      const { leases, last, tenants } = await this.stages.claimInTurns(this.owner, limit, this.lastTenant);
      this.lastTenant = last;
      this.oneTenant = tenants > 1 ? 0 : ONE_TENANT;
      return leases;
    } catch (error) {
      this.trouble(error);
      return NONE;
    }
  }

  private take(lease: Lease): void {
    const lost = new AbortController();
    this.losses.set(lease, lost);
    // Unless it was the database, the lease is kept until it runs out: a stage that always ends here is tried at that pace and no faster, and given up.
    const work = this.turns
      .take(lease, this.abort.signal, lost.signal)
      .catch((error: unknown) => this.trouble(error))
      .finally(() => {
        const isWaitedFor = this.behind || this.running.size >= AT_ONCE || lease.again;
        this.running.delete(lease);
        this.losses.delete(lease);
        // Nothing else became due by it.
        if (isWaitedFor) this.wake();
      });
    this.running.set(lease, work);
  }

  private trouble(error: unknown): void {
    const database = databaseTrouble(error);
    if (database !== null) {
      this.troubled = true;
      this.log.warn(`database: ${database}`);
    } else this.log.error(error instanceof Error ? { name: error.name, message: error.message, stack: error.stack } : 'an error that is no Error');
  }

  private wake(): void {
    this.woken = true;
    this.wakeUp();
  }

  private async sleep(ms: number): Promise<void> {
    if (this.woken) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.wakeUp = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

const NONE: readonly Lease[] = [];
