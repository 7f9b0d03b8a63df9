import { Injectable, Logger, type BeforeApplicationShutdown } from '@nestjs/common';
import { PublicAddress } from '../http/public-address.js';
import { databaseTrouble } from '../platform/database-trouble.js';
import { Database } from '../platform/database.js';
import { Metrics } from '../platform/metrics.js';
import { Registry } from '../providers/registry.js';

const LOOK_MS = 30_000;
/** So many successes without a single callback are no accident. */
const TELLING = 3;

/**
 * Finds out that callbacks which a provider was asked for do not come: its jobs end all the same, only later, and nobody would notice. Judged by what all
 * processes wrote, so that each says the same; by jobs that began since this one did, because before its start callbacks may not have been asked for.
 */
@Injectable()
export class CallbackSilence implements BeforeApplicationShutdown {
  private readonly log = new Logger('callbacks');
  private readonly silent = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly database: Database,
    private readonly registry: Registry,
    private readonly address: PublicAddress,
    private readonly metrics: Metrics,
  ) {}

  start(): void {
    this.timer = setInterval(() => void (this.looking = this.look(process.uptime()).catch((error: unknown) => this.log.warn(databaseTrouble(error) ?? (error as Error).message))), LOOK_MS);
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  /** Judges by the jobs of the last `seconds`, an hour at most. */
  async look(seconds: number): Promise<void> {
    const expected = this.registry.all().filter(({ config, guarded }) => (guarded.inner.traits.callbacks === 'job' || guarded.canRegisterCallbacks) && this.address.callbackBase(config.baseUrl) !== null);
    const rows = await this.database.query<{ provider: string; silent: boolean }>({ name: 'callback_silence', text: SILENCE }, [expected.map(({ id }) => id), Math.min(3600, seconds), TELLING]);
    for (const { provider, silent } of rows) this.say(provider, silent);
  }

  private say(provider: string, silent: boolean): void {
    this.metrics.callbacksSilent.set({ provider }, silent ? 1 : 0);
    if (silent === this.silent.has(provider)) return;
    if (!silent) {
      this.silent.delete(provider);
      return this.log.log({ provider, msg: 'Callbacks of the provider come again.' });
    }
    this.silent.add(provider);
    this.log.warn({ provider, msg: `Jobs end at the provider, and no callback of it came for an hour: they are found by polling alone, and later. It was told to call ${this.address.url}: see that PUBLIC_URL can be reached from there, and that the webhook secret, if one is set, is the provider's.` });
  }
}

/** What has just ended is left out: its callback may be on its way. */
const SILENCE = `
  SELECT provider,
    (SELECT count(*) FROM (
       SELECT FROM attempt a WHERE a.provider = p.provider AND a.status = 'succeeded' AND a.started_at > now() - make_interval(secs => $2)
         AND a.ended_at > now() - make_interval(secs => $2) AND a.ended_at < now() - interval '1 minute' LIMIT $3) AS ended) >= $3
    AND NOT coalesce((SELECT c.received_at FROM callback c WHERE c.provider = p.provider ORDER BY c.id DESC LIMIT 1) > now() - interval '1 hour', false) AS silent
  FROM unnest($1::text[]) AS p (provider)`;
