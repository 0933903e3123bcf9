/** Public interface: ballots, voting rules, the decision's state machine, receipts. */
export * from './ballot.js';
export { estimateErrors, weightsOfEstimate, type Observations } from './calibration/dawid-skene.js';
export { NO_RECORD, weightOfRecord, withOutcome } from './calibration/reputation.js';
export type { Admission } from './decision/admission.js';
export * from './decision/admit-discussion.js';
export {
  admitCancel,
  admitClose,
  admitCommitsClose,
  admitEvidence,
  admitOpening,
  admitSeal,
  admitWave,
  readyToClose,
  readyToCloseCommits,
  readyToStop,
} from './decision/admit-lifecycle.js';
export {
  admitBallot,
  admitCommit,
  admitReveal,
  ballotDigestOf,
  examineBallot,
  examineCommit,
  examineReveal,
} from './decision/admit-statement.js';
export { conclusionOf, tallyOf, type Conclusion } from './decision/conclusion.js';
export * from './decision/decision.js';
export { decisionDiagram, isFinal, phases, transitions, type Phase } from './decision/decision.states.js';
export {
  parseEventData,
  type CloseCause,
  type DecisionEvent,
  type EventType,
  type NewEvent,
} from './decision/events.js';
export { finalStatus, standingOf, type Standing } from './decision/standing.js';
export {
  agendaDigest,
  agendaOf,
  contributionBytes,
  hasRounds,
  optionsFor,
  silentIn,
  type Contribution,
  type DiscussionPhase,
  type Option,
} from './discussion.js';
export * from './receipt/predicate-of.js';
export * from './receipt/predicate.js';
export * from './receipt/receipt-file.js';
export type { BallotFault } from './receipt/ballot-fault.js';
export * from './receipt/recount.js';
export { receiptSchema, statementSchema, waiverSchema } from './receipt/schemas.js';
export * from './receipt/sigstore-bundle.js';
export * from './receipt/waiver.js';
export type { Answer, Refusal } from './refusal.js';
export { largestResult } from './rules/largest-result.js';
export { methods, type Method, type RuleParameters } from './rules/rule.js';
export { cannotBeOverturned } from './rules/settled.js';
export { seededOrder } from './tie-break.js';
export type { JsonSchema, Read } from './shape.js';
export { tally, tallyAsked, type TallyInput } from './tally.js';
export {
  dataDigest,
  ENGINE,
  openingDigestOf,
  publicTermsOf,
  termsDigest,
  type PublicTerms,
  type Terms,
  type Voter,
} from './terms.js';
export { vetoBytes, type Veto } from './veto.js';
export {
  signatureAlgorithms,
  clientDataSays,
  flagsOf,
  isSafeKey,
  type RelyingParty,
  type SignatureAlgorithm,
  type SigningKey,
} from './webauthn.js';
