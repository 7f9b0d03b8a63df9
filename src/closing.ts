import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ResultKeeper } from './files/result-keeper.js';
import { Staging } from './files/staging.js';
import { Database } from './platform/database.js';
import { Registry } from './providers/registry.js';

/** Closes what outlives requests and work, once both have ended. */
@Injectable()
export class Closing implements OnApplicationShutdown {
  constructor(
    private readonly database: Database,
    private readonly registry: Registry,
    private readonly keeper: ResultKeeper,
    private readonly staging: Staging,
  ) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.registry.close(), this.keeper.close(), this.staging.close()]);
    await this.database.close();
  }
}
