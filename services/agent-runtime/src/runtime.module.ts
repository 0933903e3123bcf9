import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { CONFIG, KIT, LOG, fsBlobStore } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import { Database } from '@conclave/postgres-kit';
import { listOf } from './config.js';
import { Agents } from './agents/agents.js';
import { ChildRunAgent } from './agents/child-run.js';
import { CommandAgent } from './agents/command.js';
import { ComposeAgent } from './agents/compose.js';
import { EventAgent } from './agents/event.js';
import { GraphAgent } from './agents/graph.js';
import { HumanAgent } from './agents/human.js';
import { ModelAgent } from './agents/model.js';
import { TimerAgent } from './agents/timer.js';
import { Budgets } from './budgets/budgets.js';
import { BudgetsController } from './budgets/budgets.controller.js';
import { PostgresBudgets } from './budgets/postgres-budgets.js';
import { CapsController } from './caps/caps.controller.js';
import { PostgresCaps } from './caps/postgres-caps.js';
import { CheckThread } from './checks/check-thread.js';
import { Housekeeping } from './disk/housekeeping.js';
import { AgentHouse } from './engine/agent-house.js';
import { Bells } from './engine/bells.js';
import { Engine } from './engine/engine.js';
import { EngineMetrics } from './engine/engine-metrics.js';
import { PostgresWorkers } from './engine/postgres-workers.js';
import { Worker } from './engine/worker.js';
import { LiveBus } from './live/live-bus.js';
import { PostgresStories } from './live/postgres-stories.js';
import { RedisTokens } from './live/redis-tokens.js';
import { RunStories } from './live/run-stories.js';
import { modelEgress } from './models/guarded-fetch.js';
import { ModelCalls } from './models/model-calls.js';
import { ModelFallbacks } from './models/postgres-model-fallbacks.js';
import { ModelRests } from './models/model-rests.js';
import { ModelsController } from './models/models.controller.js';
import { ModelRoutes } from './models/model-routes.js';
import { WorkspaceModels } from './models/workspace-models.js';
import { Panels } from './panels/panels.js';
import { provide } from './provide.js';
import { Changes } from './reviews/changes.js';
import { CheckJuror } from './reviews/check-juror.js';
import { Coordinator } from './reviews/coordinator.js';
import { DecisionEvents } from './reviews/decision-events.js';
import { LlmJuror } from './reviews/llm-juror.js';
import { ReviewEndings } from './reviews/postgres-review-endings.js';
import { PrepareReview } from './reviews/prepare-review.js';
import { AblationJuror, TestsGate } from './reviews/program-seats.js';
import { AnswerRun } from './runs/answer-run.js';
import { CancelRun } from './runs/cancel-run.js';
import { ControlRun } from './runs/control-run.js';
import { CreateReview } from './runs/create-review.js';
import { CreateRun } from './runs/create-run.js';
import { DepartedMembers } from './runs/departed-members.js';
import { DistrustedCredentials } from './runs/distrusted-credentials.js';
import { EndWork } from './runs/end-work.js';
import { EventsController } from './runs/events.controller.js';
import { ForkRun } from './runs/fork-run.js';
import { LiveRuns } from './runs/live-runs.js';
import { PostgresJournal } from './runs/postgres-journal.js';
import { PostgresRuns } from './runs/postgres-runs.js';
import { ReadDiff } from './runs/read-diff.js';
import { RunsController } from './runs/runs.controller.js';
import { SendEvent } from './runs/send-event.js';
import { StartRun } from './runs/start-run.js';
import { StreamEvents } from './runs/stream-events.js';
import { WorkController } from './runs/work.controller.js';
import { Sandbox } from './sandbox/sandbox.js';
import { KnownSecrets } from './secrets/known-secrets.js';
import { SecretLeases } from './secrets/secret-leases.js';
import { ManageSessions } from './sessions/manage-sessions.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { ForgetTenant } from './tenants/forget-tenant.js';
import { HoldTenants } from './tenants/hold-tenants.js';
import { TenantShares } from './tenants/tenant-shares.js';
import { CronTriggers } from './triggers/cron-triggers.js';
import { DeliverHook } from './triggers/deliver-hook.js';
import { EventTriggers } from './triggers/event-triggers.js';
import { FireTrigger } from './triggers/fire-trigger.js';
import { ManageTriggers } from './triggers/manage-triggers.js';
import { RunEventTriggers } from './triggers/run-event-triggers.js';
import { TriggerSecrets } from './triggers/trigger-secrets.js';
import { TriggersController } from './triggers/triggers.controller.js';
import { BLOBS } from './uploads/blobs.js';
import { UploadsController } from './uploads/uploads.controller.js';
import { Signer } from './voters/signer.js';

const blobs = provide(BLOBS, { config: CONFIG }, ({ config }) => fsBlobStore(join(config.DATA_DIR, 'blobs')));
const sandbox = provide(
  Sandbox,
  { config: CONFIG },
  ({ config }) => new Sandbox(listOf(config.SANDBOX_READ_ONLY_PATHS), { memoryBytes: config.SANDBOX_MEMORY_BYTES }),
);
const redisTokens = provide(RedisTokens, { config: CONFIG, log: LOG }, ({ config, log }) =>
  RedisTokens.open(config.REDIS_URL, log),
);
const bells = provide(Bells, { kit: KIT }, ({ kit }) => new Bells(kit));

const worker = provide(
  Worker,
  {
    ...{ engine: Engine, db: Database, workers: PostgresWorkers, house: AgentHouse, live: LiveRuns },
    ...{ bells: Bells, metrics: EngineMetrics, log: LOG, config: CONFIG },
  },
  (parts) => new Worker(parts),
);

/** The way out to models. */
const models = provide(Egress, { config: CONFIG }, ({ config }) => modelEgress(config));

const preparation = provide(
  PrepareReview,
  { changes: Changes, panels: Panels, signer: Signer, models: WorkspaceModels, blobs: BLOBS, config: CONFIG },
  (parts) => new PrepareReview(parts),
);

/** Every agent there is, under the name its tasks ask for. */
const agents = provide(
  AgentHouse,
  {
    ...{ coordinator: Coordinator, changes: Changes, thread: CheckThread, runs: PostgresRuns, sandbox: Sandbox },
    ...{
      signer: Signer,
      models: WorkspaceModels,
      fallbacks: ModelFallbacks,
      calls: ModelCalls,
      starter: StartRun,
      db: Database,
    },
    ...{ kit: KIT, config: CONFIG },
  },
  ({ coordinator, thread, models, fallbacks, calls, starter, db, ...seat }) => {
    const { changes } = seat;
    const panel = [
      coordinator,
      new CheckJuror(seat, changes, thread),
      new LlmJuror(seat, changes, models, calls),
      new TestsGate(seat),
      new AblationJuror(seat),
    ];
    const tasks = [
      ...[new GraphAgent(), new HumanAgent(), new EventAgent(), new TimerAgent(), new ComposeAgent()],
      ...[
        new ChildRunAgent(starter),
        new CommandAgent(seat.sandbox, seat.config.SANDBOX_DIR),
        new ModelAgent(models, fallbacks, calls, db),
      ],
    ];
    const endings = new ReviewEndings(db);
    return new Agents(
      [...panel, ...tasks],
      {
        endingOf: (turn, activation) => endings.endingOf(turn, activation),
        close: (runId) => changes.close(runId),
      },
      db,
    );
  },
);

@Module({
  controllers: [
    RunsController,
    WorkController,
    EventsController,
    BudgetsController,
    CapsController,
    ModelsController,
    SessionsController,
    TriggersController,
    UploadsController,
  ],
  providers: [
    ...[blobs, sandbox, redisTokens, preparation, agents, bells],
    ...[Engine, EngineMetrics, PostgresWorkers, worker, Housekeeping],
    ...[Changes, CheckThread, Coordinator, DecisionEvents, ModelRoutes, models, Panels, Signer],
    ...[CreateReview, CancelRun, EndWork, DepartedMembers, DistrustedCredentials, PostgresRuns, ReadDiff, StreamEvents],
    ...[LiveRuns, LiveBus, PostgresStories, RunStories],
    ...[Budgets, ModelCalls, PostgresBudgets, WorkspaceModels, ModelFallbacks, ModelRests, KnownSecrets, SecretLeases],
    ...[StartRun, CreateRun, ControlRun, AnswerRun, SendEvent, ForkRun, PostgresJournal],
    ...[ManageSessions, ManageTriggers, TriggerSecrets, FireTrigger, DeliverHook],
    ...[CronTriggers, EventTriggers, RunEventTriggers],
    ...[ForgetTenant, HoldTenants, TenantShares, PostgresCaps],
  ],
})
export class RuntimeModule {}
