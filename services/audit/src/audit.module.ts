import { CONFIG } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import { Module } from '@nestjs/common';
import type { AuditConfig } from './config.js';
import { AddEntries } from './entries/add-entries.js';
import { EntriesController } from './entries/entries.controller.js';
import { PostgresStage } from './entries/postgres-stage.js';
import { SealedEntries } from './entries/sealed-entries.js';
import { StageEntry } from './entries/stage-entry.js';
import { StageEvents } from './entries/stage-events.js';
import { CheckpointSigner } from './log/checkpoint-signer.js';
import { DescribeLog } from './log/describe-log.js';
import { ForgetTenant } from './log/forget-tenant.js';
import { LogController } from './log/log.controller.js';
import { LogGuard } from './log/log-guard.js';
import { storeProviders } from './log/open-store.js';
import { PostgresLog } from './log/postgres-log.js';
import { PostgresOrigins } from './log/postgres-origins.js';
import { PostgresPublished } from './log/postgres-published.js';
import { PostgresSequence } from './log/postgres-sequence.js';
import { Publisher } from './log/publisher.js';
import { PublishLog } from './log/publish-log.js';
import { ReadProofs } from './log/read-proofs.js';
import { SealLog } from './log/seal-log.js';
import { Sequencer } from './log/sequencer.js';
import { CreateExport } from './records/create-export.js';
import { FollowLog } from './records/follow-log.js';
import { KeepAndForget } from './records/keep-and-forget.js';
import { ProveErasure } from './records/prove-erasure.js';
import { RecordsController } from './records/records.controller.js';
import { RetentionController } from './records/retention.controller.js';
import { SearchEntries } from './records/search-entries.js';
import { SelfAuditGauges } from './records/self-audit-gauges.js';
import { StreamExport } from './records/stream-export.js';
import { ListTimestamps } from './timestamps/list-timestamps.js';
import { StampCheckpoint } from './timestamps/stamp-checkpoint.js';
import { TimestampAuthority } from './timestamps/timestamp-authority.js';
import { CheckpointOffers } from './witness/checkpoint-offers.js';
import { Cosignatures } from './witness/cosignatures.js';
import { HeldProofs } from './witness/held-proofs.js';
import { Outsiders } from './witness/outsiders.js';
import { PostgresWitnessing } from './witness/postgres-witnessing.js';
import { SubmitCheckpoint } from './witness/submit-checkpoint.js';
import { WitnessEvents } from './witness/witness-events.js';
import { Witnessing } from './witness/witnessing.js';

@Module({
  controllers: [EntriesController, LogController, RecordsController, RetentionController],
  providers: [
    ...[AddEntries, PostgresStage, SealedEntries, StageEntry, StageEvents],
    ...[CheckpointSigner, DescribeLog, ForgetTenant, LogGuard, PostgresLog, ReadProofs],
    ...[PostgresOrigins, PostgresPublished, PostgresSequence, Publisher, PublishLog, SealLog, Sequencer],
    ...[CreateExport, FollowLog, KeepAndForget, ProveErasure, SearchEntries, SelfAuditGauges, StreamExport],
    ...storeProviders,
    ...[ListTimestamps, StampCheckpoint, TimestampAuthority],
    ...[
      CheckpointOffers,
      Cosignatures,
      HeldProofs,
      Outsiders,
      PostgresWitnessing,
      SubmitCheckpoint,
      WitnessEvents,
      Witnessing,
    ],
    {
      provide: Egress,
      inject: [CONFIG],
      useFactory: (config: AuditConfig) => new Egress(config.EGRESS_ALLOW),
    },
  ],
})
export class AuditModule {}
