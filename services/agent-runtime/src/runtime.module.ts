import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { CONFIG, KIT, fsBlobStore, type BlobStore, type Kit } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { listOf, type RuntimeConfig } from './config.js';
import { CheckThread } from './checks/check-thread.js';
import { Housekeeping } from './disk/housekeeping.js';
import { AgentHouse } from './engine/agent-house.js';
import { PostgresEngine } from './engine/postgres-engine.js';
import { PostgresWorkers } from './engine/postgres-workers.js';
import { Worker } from './engine/worker.js';
import { ModelRoutes } from './models/model-routes.js';
import { Panels } from './panels/panels.js';
import { Changes } from './reviews/changes.js';
import { CheckJuror } from './reviews/check-juror.js';
import { Coordinator } from './reviews/coordinator.js';
import { DecisionEvents } from './reviews/decision-events.js';
import { LlmJuror } from './reviews/llm-juror.js';
import { ReviewAgents } from './reviews/postgres-review-agents.js';
import { PrepareReview } from './reviews/prepare-review.js';
import { AblationJuror, TestsGate } from './reviews/program-seats.js';
import { CancelRun } from './runs/cancel-run.js';
import { CreateReview } from './runs/create-review.js';
import { LiveRuns } from './runs/live-runs.js';
import { PostgresRuns } from './runs/postgres-runs.js';
import { ReadDiff } from './runs/read-diff.js';
import { RunsController } from './runs/runs.controller.js';
import { StreamEvents } from './runs/stream-events.js';
import { Sandbox } from './sandbox/sandbox.js';
import { BLOBS } from './uploads/blobs.js';
import { UploadsController } from './uploads/uploads.controller.js';
import { Signer } from './voters/signer.js';

const blobs = {
  provide: BLOBS,
  inject: [CONFIG],
  useFactory: (config: RuntimeConfig) => fsBlobStore(join(config.DATA_DIR, 'blobs')),
};
const sandbox = {
  provide: Sandbox,
  inject: [CONFIG],
  useFactory: (config: RuntimeConfig) =>
    new Sandbox(listOf(config.SANDBOX_READ_ONLY_PATHS), { memoryBytes: config.SANDBOX_MEMORY_BYTES }),
};

const preparation = {
  provide: PrepareReview,
  inject: [Changes, Panels, Signer, ModelRoutes, BLOBS, CONFIG],
  useFactory: (
    ...[changes, panels, signer, models, store, config]: [
      Changes,
      Panels,
      Signer,
      ModelRoutes,
      BlobStore,
      RuntimeConfig,
    ]
  ) => new PrepareReview({ changes, panels, signer, models, blobs: store, config }),
};

/** Every agent of a review, under the name its tasks ask for. */
const agents = {
  provide: AgentHouse,
  inject: [Coordinator, Changes, CheckThread, PostgresRuns, Sandbox, Signer, ModelRoutes, Database, KIT, CONFIG],
  useFactory: (
    coordinator: Coordinator,
    ...[changes, thread, runs, box, signer, models, db, kit, config]: [
      Changes,
      CheckThread,
      PostgresRuns,
      Sandbox,
      Signer,
      ModelRoutes,
      Database,
      Kit,
      RuntimeConfig,
    ]
  ): AgentHouse => {
    const seat = { kit, signer };
    const program = { ...seat, changes, runs, sandbox: box, config };
    const agents = [
      coordinator,
      new CheckJuror(seat, changes, thread),
      new LlmJuror(seat, changes, models, db),
      new TestsGate(program),
      new AblationJuror(program),
    ];
    return new ReviewAgents(agents, changes);
  },
};

@Module({
  controllers: [RunsController, UploadsController],
  providers: [
    ...[blobs, sandbox, preparation, agents],
    ...[PostgresEngine, PostgresWorkers, Worker, Housekeeping],
    ...[Changes, CheckThread, Coordinator, DecisionEvents, ModelRoutes, Panels, Signer],
    ...[CreateReview, CancelRun, PostgresRuns, LiveRuns, ReadDiff, StreamEvents],
  ],
})
export class RuntimeModule {}
