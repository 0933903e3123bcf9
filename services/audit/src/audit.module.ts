import { Module } from '@nestjs/common';
import { CheckpointSigner } from './log/checkpoint-signer.js';
import { LogController } from './log/log.controller.js';
import { PostgresLog } from './log/postgres-log.js';
import { ReadProofs } from './log/read-proofs.js';
import { Sequencer } from './log/sequencer.js';
import { StageEvents } from './log/stage-events.js';
import { CreateExport } from './records/create-export.js';
import { FollowLog } from './records/follow-log.js';
import { KeepAndForget } from './records/keep-and-forget.js';
import { ProveErasure } from './records/prove-erasure.js';
import { RecordsController } from './records/records.controller.js';
import { RetentionController } from './records/retention.controller.js';
import { SearchEntries } from './records/search-entries.js';
import { SelfAuditGauges } from './records/self-audit-gauges.js';
import { StageEntry } from './records/stage-entry.js';
import { StreamExport } from './records/stream-export.js';

@Module({
  controllers: [LogController, RecordsController, RetentionController],
  providers: [
    ...[CheckpointSigner, PostgresLog, ReadProofs, Sequencer, StageEvents],
    ...[CreateExport, FollowLog, KeepAndForget, ProveErasure, SearchEntries, SelfAuditGauges, StageEntry, StreamExport],
  ],
})
export class AuditModule {}
