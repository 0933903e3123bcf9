import { Module } from '@nestjs/common';
import { BallotBox } from './decisions/ballot-box.js';
import { Deadlines } from './decisions/deadlines.js';
import { DecisionsController } from './decisions/decisions.controller.js';
import { DeliberationController } from './decisions/deliberation.controller.js';
import { OpenDecision } from './decisions/open-decision.js';
import { PostgresDecisions } from './decisions/postgres-decisions.js';
import { EnvelopeSigner } from './receipts/envelope-signer.js';
import { LogConfirmations } from './receipts/log-confirmations.js';
import { PostgresReceipts } from './receipts/postgres-receipts.js';
import { ReceiptsController } from './receipts/receipts.controller.js';
import { TallyController } from './tally/tally.controller.js';
import { PostgresVoterKeys } from './voter-keys/postgres-voter-keys.js';
import { VoterKeys } from './voter-keys/voter-keys.js';
import { VoterKeysController } from './voter-keys/voter-keys.controller.js';

@Module({
  controllers: [DecisionsController, DeliberationController, ReceiptsController, TallyController, VoterKeysController],
  providers: [
    BallotBox,
    Deadlines,
    EnvelopeSigner,
    LogConfirmations,
    OpenDecision,
    PostgresDecisions,
    PostgresReceipts,
    PostgresVoterKeys,
    VoterKeys,
  ],
})
export class ConsensusModule {}
