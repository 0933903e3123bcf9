import { CONFIG } from '@conclave/nest-kit';
import { Egress } from '@conclave/nest-kit/egress';
import { Module } from '@nestjs/common';
import type { AuditConfig } from './config.js';
import { CheckpointSigner } from './log/checkpoint-signer.js';
import { LogController } from './log/log.controller.js';
import { PostgresLog } from './log/postgres-log.js';
import { ReadProofs } from './log/read-proofs.js';
import { Sequencer } from './log/sequencer.js';
import { StageEvents } from './log/stage-events.js';
import { CheckpointOffers } from './witness/checkpoint-offers.js';
import { Cosignatures } from './witness/cosignatures.js';
import { HeldProofs } from './witness/held-proofs.js';
import { PostgresWitnessing } from './witness/postgres-witnessing.js';
import { SubmitCheckpoint } from './witness/submit-checkpoint.js';
import { WitnessEvents } from './witness/witness-events.js';
import { Witnessing } from './witness/witnessing.js';

@Module({
  controllers: [LogController],
  providers: [
    ...[CheckpointSigner, PostgresLog, ReadProofs, Sequencer, StageEvents],
    ...[CheckpointOffers, Cosignatures, HeldProofs, PostgresWitnessing, SubmitCheckpoint, WitnessEvents, Witnessing],
    {
      provide: Egress,
      inject: [CONFIG],
      useFactory: (config: AuditConfig) => new Egress(config.EGRESS_ALLOW),
    },
  ],
})
export class AuditModule {}
