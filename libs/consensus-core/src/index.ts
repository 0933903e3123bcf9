/** Public interface: ballots, voting rules, the decision's state machine, receipts. */
export * from './ballot.js';
export { dataDigest, ENGINE, termsDigest, type PublicTerms, type Terms, type Voter } from './terms.js';
export type { Read } from './shape.js';
export { type Method, type RuleParameters } from './rules/rule.js';
export * from './receipt/predicate.js';
export * from './receipt/receipt-file.js';
