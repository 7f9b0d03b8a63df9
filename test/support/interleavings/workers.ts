import { Readable } from 'node:stream';
import { ProviderError } from '../../../src/conversion/errors.js';
import type { VendorFile } from '../../../src/conversion/provider.js';
import { EarlyEnds } from '../../../src/execution/early-ends.js';
import { PollPace } from '../../../src/execution/poll-pace.js';
import { Poller } from '../../../src/execution/poller.js';
import { Seeker } from '../../../src/execution/seeker.js';
import type { SourceFetcher } from '../../../src/execution/source-fetcher.service.js';
import { StageResults } from '../../../src/execution/stage-results.js';
import { StageWorker } from '../../../src/execution/stage-worker.js';
import { Submitter } from '../../../src/execution/submitter.js';
import type { KeptFile, ResultKeeper } from '../../../src/files/result-keeper.js';
import { StagingTrouble, type Staging } from '../../../src/files/staging.js';
import { PublicAddress } from '../../../src/http/public-address.js';
import { RetryService } from '../../../src/jobs/retry.service.js';
import { RetryStore } from '../../../src/jobs/retry-store.js';
import { UploadService } from '../../../src/jobs/upload.service.js';
import { readEnv } from '../../../src/platform/env.js';
import { CallbackStore } from '../../../src/webhooks/callback-store.js';
import { CallbackService } from '../../../src/webhooks/callback.service.js';
import { CallbackTokens } from '../../../src/webhooks/callback-tokens.js';
import { DeliveryStore } from '../../../src/webhooks/delivery-store.js';
import type { EngineRoom } from '../engine-room.js';
import { Turn } from './script.js';

/** The rest of the service's own classes, on a room: all that changes a state. */
export function workers(room: EngineRoom) {
  const env = readEnv({ DATABASE_URL: 'postgres://x', ADMIN_API_KEY: 'k', SECRETS_KEY: Buffer.alloc(32).toString('base64') });
  const pace = new PollPace(env);
  const keeper = keeperFor(room.staging) as ResultKeeper;
  const noSources: Pick<SourceFetcher, 'fetch'> = { fetch: () => Promise.reject(new Error('nothing is to be fetched')) };
  const submitter = new Submitter(room.attempts, room.staging, noSources as SourceFetcher, new PublicAddress(env), pace);
  return {
    worker: new StageWorker(room.registry, submitter, new Seeker(room.attempts, room.settle), new Poller(room.attempts, room.settle, new StageResults(room.database, room.stages, keeper, room.staging), pace, room.ends), new EarlyEnds(room.attempts, room.settle, room.waitingRoom, room.ends)),
    uploads: new UploadService(room.database, room.jobs, room.staging, env),
    retries: new RetryService(new RetryStore(room.database, room.jobs, room.ending, room.staging), room.router, room.spending),
    callbacks: new CallbackService(new CallbackStore(room.database, room.stages), room.registry, new CallbackTokens(room.database), () => undefined),
    deliveries: new DeliveryStore(room.database),
  };
}

/** Fetches nothing: the script says how it went. */
function keeperFor(staging: Staging): Pick<ResultKeeper, 'keep'> {
  return {
    keep: async (source: VendorFile): Promise<KeptFile> => {
      const turn = Turn.now;
      await turn.passes('keep');
      const { keep } = turn.script;
      if (keep === 'no room') throw new StagingTrouble('ENOSPC');
      if (keep !== 'ok') throw new ProviderError(keep, 'It could not be had.');
      const { path, size, sha256 } = await staging.write(Readable.from(['bytes']), 100);
      return { path, size, sha256, filename: `${source.step}.png`, contentType: 'image/png', source };
    },
  };
}
