import { Module } from '@nestjs/common';
import { CheckpointSigner } from './log/checkpoint-signer.js';
import { LogController } from './log/log.controller.js';
import { PostgresLog } from './log/postgres-log.js';
import { ReadProofs } from './log/read-proofs.js';
import { Sequencer } from './log/sequencer.js';
import { StageEvents } from './log/stage-events.js';

@Module({
  controllers: [LogController],
  providers: [CheckpointSigner, PostgresLog, ReadProofs, Sequencer, StageEvents],
})
export class AuditModule {}
