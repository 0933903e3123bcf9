import { Module } from '@nestjs/common';
import { CalibrationController } from './calibration/calibration.controller.js';
import { Calibration } from './calibration/calibration.js';
import { PostgresCalibration } from './calibration/postgres-calibration.js';
import { BallotBox } from './decisions/ballot-box.js';
import { ElectoralRoll } from './decisions/electoral-roll.js';
import { Consequences } from './decisions/consequences.js';
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
import { HoldTenants } from './tenants/hold-tenants.js';
import { PossessionOfKeys } from './voter-keys/possession-of-keys.js';
import { LoggedKeys } from './voter-keys/logged-keys.js';
import { PostgresVoterKeys } from './voter-keys/postgres-voter-keys.js';
import { VoterKeys } from './voter-keys/voter-keys.js';
import { VoterKeysController } from './voter-keys/voter-keys.controller.js';

@Module({
  controllers: [
    CalibrationController,
    DecisionsController,
    DeliberationController,
    ReceiptsController,
    TallyController,
    VoterKeysController,
  ],
  providers: [
    BallotBox,
    ElectoralRoll,
    Consequences,
    Calibration,
    Deadlines,
    EnvelopeSigner,
    HoldTenants,
    LogConfirmations,
    OpenDecision,
    PostgresCalibration,
    PossessionOfKeys,
    PostgresDecisions,
    PostgresReceipts,
    LoggedKeys,
    PostgresVoterKeys,
    VoterKeys,
  ],
})
export class ConsensusModule {}
