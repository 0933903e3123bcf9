/** Public interface: the offline verifier, its trust policy and its verdicts. */
export {
  compareHeads,
  headLine,
  headOfReceipt,
  headsIn,
  type Growth,
  type GrowthProof,
  type HeadsVerdict,
} from './heads.js';
export { outsideKeys } from './policy-check.js';
export { type BallotSummary, type ReceiptSummary } from './receipt-summary.js';
export { parseTrustPolicy, type Demands, type NamedKey, type TrustPolicy } from './trust-policy.js';
export { VERDICTS, type Step, type StepName, type Verdict, type VerdictStatus } from './verdict.js';
export { verifyAccessReview, type AccessReviewSummary, type AccessReviewVerdict } from './verify-access-review.js';
export { verifyConsistencyOfCheckpoints } from './verify-consistency.js';
export { verifyExport, type ExportSummary, type ExportVerdict } from './verify-export.js';
export { verifyReceipt } from './verify-receipt.js';
export { favouritesOf } from '@conclave/consensus-core';
export { saidText } from './said-text.js';
export { waiversIn, type WaiverReport, type WaiversAtHand } from './waivers.js';
