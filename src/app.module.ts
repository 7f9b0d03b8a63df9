import { HttpModule, HttpService } from '@nestjs/axios';
import { Module, type DynamicModule } from '@nestjs/common';
import { BudgetLoader } from './accounts/budget-loader.js';
import { BudgetStore } from './accounts/budget-store.js';
import { KeyGuard } from './accounts/key.guard.js';
import { UsageController } from './accounts/usage.controller.js';
import { UsageStore } from './accounts/usage-store.js';
import { Spending } from './accounts/spending.js';
import { AttemptEnds } from './execution/attempt-ends.js';
import { AttemptStore } from './execution/attempt-store.js';
import { CancelController } from './execution/cancel.controller.js';
import { CancelService } from './execution/cancel.service.js';
import { Deadlines } from './execution/deadlines.js';
import { DeadlyWork } from './execution/deadly-work.js';
import { EngineService } from './execution/engine.service.js';
import { Gate } from './execution/gate.js';
import { HistoryService } from './execution/history.service.js';
import { LeftBehind } from './execution/left-behind.js';
import { Leftovers } from './execution/leftovers.js';
import { Poller } from './execution/poller.js';
import { PollPace } from './execution/poll-pace.js';
import { Replanner } from './execution/replan.js';
import { RoomKeeper } from './execution/room-keeper.js';
import { WaitingRoom } from './execution/waiting-room.js';
import { RollCallService } from './execution/roll-call.service.js';
import { RollCallStore } from './execution/roll-call-store.js';
import { SceneLoader } from './execution/scene.js';
import { EarlyEnds } from './execution/early-ends.js';
import { OrphanSearch } from './execution/orphan-search.js';
import { Seeker } from './execution/seeker.js';
import { SettleService } from './execution/settle.service.js';
import { StageResults } from './execution/stage-results.js';
import { StageStore } from './execution/stage-store.js';
import { StageTurn } from './execution/stage-turn.js';
import { StageWorker } from './execution/stage-worker.js';
import { SourceFetcher } from './execution/source-fetcher.service.js';
import { Submitter } from './execution/submitter.js';
import { SweeperService } from './execution/sweeper.service.js';
import { ResultKeeper } from './files/result-keeper.js';
import { Staging } from './files/staging.js';
import { HealthController, Readiness } from './http/health.controller.js';
import { MetricsController } from './http/metrics.controller.js';
import { PublicAddress } from './http/public-address.js';
import { AcceptService } from './jobs/accept.service.js';
import { ConvertController } from './jobs/convert.controller.js';
import { ConvertService } from './jobs/convert.service.js';
import { CredentialStore } from './jobs/credential-store.js';
import { EventFeed } from './jobs/event-feed.js';
import { EventsController } from './jobs/events.controller.js';
import { IdempotencyService } from './jobs/idempotency.service.js';
import { IdempotencyStore } from './jobs/idempotency-store.js';
import { DecisionController } from './jobs/decision.controller.js';
import { DecisionStore } from './jobs/decision-store.js';
import { JobEnding } from './jobs/job-ending.js';
import { Tally } from './jobs/tally.js';
import { InputFilesService } from './jobs/input-files.service.js';
import { INTAKE, JobReader, type Intake } from './jobs/job-reader.service.js';
import { JobRefresh } from './jobs/job-refresh.js';
import { JobStore } from './jobs/job-store.js';
import { RetryController } from './jobs/retry.controller.js';
import { RetryService } from './jobs/retry.service.js';
import { RetryStore } from './jobs/retry-store.js';
import { JobsController } from './jobs/jobs.controller.js';
import { JobsService } from './jobs/jobs.service.js';
import { QuoteService } from './jobs/quote.service.js';
import { QuoteStore } from './jobs/quote-store.js';
import { QuotesController } from './jobs/quotes.controller.js';
import { OutputService } from './jobs/output.service.js';
import { OutputsController } from './jobs/outputs.controller.js';
import { UploadService } from './jobs/upload.service.js';
import { UploadsController } from './jobs/uploads.controller.js';
import { WaitingService } from './jobs/waiting.service.js';
import { WebhookSecrets } from './jobs/webhook-secrets.js';
import { Closing } from './closing.js';
import { Database } from './platform/database.js';
import { DueNotice } from './platform/due-notice.js';
import { parseCidrs, type EgressPolicy } from './platform/egress.js';
import { Env } from './platform/env.js';
import { Listener } from './platform/listener.js';
import { Metrics } from './platform/metrics.js';
import { Periodic } from './platform/periodic.js';
import { Pressure } from './platform/pressure.js';
import { Suspects } from './platform/suspects.js';
import { EGRESS_POLICY } from './platform/tokens.js';
import { NO_MONEY, type MoneyConfig, type ProviderConfig } from './providers/provider-config.js';
import { Registry, type Observe } from './providers/registry.js';
import { BreakerOutcomes } from './routing/breaker-outcomes.js';
import { BreakerStore } from './routing/breaker-store.js';
import { CatalogueController } from './routing/catalogue.controller.js';
import { CatalogueLoader } from './routing/catalogue-loader.js';
import { CatalogueReadings } from './routing/catalogue-readings.js';
import { CatalogueSchedule } from './routing/catalogue-schedule.js';
import { CatalogueStore } from './routing/catalogue-store.js';
import { CatalogueSync } from './routing/catalogue-sync.js';
import { CatalogueViews } from './routing/catalogue-views.js';
import { LearnedPairs } from './routing/learned-pairs.js';
import { LearnedPrices } from './routing/learned-prices.js';
import { LimitBoard } from './routing/limit-board.js';
import { LimitLoader } from './routing/limit-loader.js';
import { ProviderFacts } from './routing/provider-facts.js';
import { ProvidersController } from './routing/providers.controller.js';
import { RouterService } from './routing/router.service.js';
import { StandingBoard } from './routing/standing-board.js';
import { StandingLoader } from './routing/standing-loader.js';
import { StandingStore } from './routing/standing-store.js';
import { ThrottleStore } from './routing/throttle-store.js';
import { UnmappedErrors } from './routing/unmapped-errors.js';
import { UnmappedErrorsController } from './routing/unmapped-errors.controller.js';
import { CallbackRegistration } from './webhooks/callback-registration.js';
import { CallbackTokens } from './webhooks/callback-tokens.js';
import { CallbackService } from './webhooks/callback.service.js';
import { CallbackSilence } from './webhooks/callback-silence.js';
import { CallbackStore } from './webhooks/callback-store.js';
import { CallbacksController } from './webhooks/callbacks.controller.js';
import { Deliverer } from './webhooks/deliverer.js';
import { DueWork } from './webhooks/due-work.js';
import { DeliveryStore } from './webhooks/delivery-store.js';
import { ProviderCallbacksController } from './webhooks/provider-callbacks.controller.js';
import { RelayService } from './webhooks/relay.service.js';
import { Sender } from './webhooks/sender.service.js';
import { WebhookSecretController } from './webhooks/webhook-secret.controller.js';

/** What is made before the application, because it can fail in ways that an operator must be told plainly. */
export interface Foundations {
  readonly env: Env;
  readonly database: Database;
  readonly providers: readonly ProviderConfig[];
  readonly observe?: Observe;
  /** In what money is counted, and how much may be spent; US dollars, and no budget, where it is not said. */
  readonly money?: MoneyConfig;
}

/** Everything, wired. A process without the API serves health alone; one without the worker starts no engine (main.ts). */
@Module({})
export class AppModule {
  static of({ env, database, providers, observe, money = NO_MONEY }: Foundations): DynamicModule {
    const policy: EgressPolicy = { allow: parseCidrs(env.raw.EGRESS_ALLOW) };
    return {
      module: AppModule,
      imports: [HttpModule],
      controllers: [
        HealthController, MetricsController,
        ...(env.servesApi ? [JobsController, UploadsController, OutputsController, EventsController, DecisionController, QuotesController, CancelController, RetryController, ConvertController, CatalogueController, ProvidersController, UnmappedErrorsController, UsageController, CallbacksController, ProviderCallbacksController, WebhookSecretController] : []),
      ],
      providers: [
        { provide: Env, useValue: env },
        { provide: Database, useValue: database },
        { provide: EGRESS_POLICY, useValue: policy },
        { provide: INTAKE, useValue: { egress: policy, maxUploadBytes: env.raw.MAX_UPLOAD_BYTES, money } satisfies Intake },
        { provide: CredentialStore, useValue: new CredentialStore(database, env.secretsKey) },
        { provide: WebhookSecrets, useValue: new WebhookSecrets(database, env.secretsKey) },
        {
          provide: Deliverer,
          inject: [DeliveryStore, Sender, WebhookSecrets, PublicAddress, Metrics],
          useFactory: (deliveries: DeliveryStore, sender: Sender, secrets: WebhookSecrets, address: PublicAddress, metrics: Metrics) =>
            new Deliverer(deliveries, sender, secrets, address, (status) => metrics.webhookDeliveries.inc({ status })),
        },
        {
          provide: CallbackService,
          inject: [CallbackStore, Registry, CallbackTokens, Metrics],
          useFactory: (store: CallbackStore, registry: Registry, tokens: CallbackTokens, metrics: Metrics) =>
            // Anybody may write any provider into the address: those that are not ours are counted as one.
            new CallbackService(store, registry, tokens, (provider, outcome) => metrics.callbacks.inc({ provider: registry.find(provider) === null ? 'unknown' : provider, outcome })),
        },
        { provide: Spending, inject: [Metrics], useFactory: (metrics: Metrics) => new Spending((provider, currency, amount) => metrics.cost.inc({ provider, currency }, amount), money.budgets) },
        { provide: Staging, useValue: new Staging(env.stagingDir) },
        { provide: Tally, inject: [Metrics], useFactory: (metrics: Metrics) => new Tally(metrics) },
        {
          provide: Registry,
          inject: [HttpService, Metrics],
          useFactory: (http: HttpService, metrics: Metrics) => new Registry(providers, http, policy, (provider, call, ms) => metrics.providerRequestSeconds.observe({ provider, call }, ms / 1000), observe),
        },
        Listener, DueNotice, PublicAddress, Readiness, KeyGuard, UsageStore, BudgetStore, BudgetLoader, Closing,
        Metrics, Periodic, Pressure, Suspects,
        CatalogueStore, LearnedPairs, CatalogueViews, LearnedPrices, CatalogueLoader, CatalogueSync, CatalogueReadings, CatalogueSchedule, StandingBoard, StandingStore, StandingLoader, BreakerStore, BreakerOutcomes, LimitBoard, ThrottleStore, LimitLoader, UnmappedErrors, ProviderFacts, RouterService, ResultKeeper,
        JobStore, JobEnding, IdempotencyStore, IdempotencyService, InputFilesService, JobReader, DecisionStore, QuoteStore, QuoteService, AcceptService, RetryStore, RetryService, UploadService, OutputService, WaitingService, EventFeed, JobRefresh, JobsService, ConvertService,
        StageStore, SceneLoader, AttemptStore, Replanner, RoomKeeper, WaitingRoom, AttemptEnds, SettleService, Gate, LeftBehind, Deadlines, OrphanSearch, Seeker, EarlyEnds, SourceFetcher, Submitter, PollPace, StageResults, Poller, RollCallStore, RollCallService, StageWorker, DeadlyWork, StageTurn, EngineService, CancelService, SweeperService, HistoryService, Leftovers,
        CallbackTokens, CallbackStore, CallbackRegistration, CallbackSilence, DeliveryStore, Sender, RelayService, DueWork,
      ],
    };
  }
}
