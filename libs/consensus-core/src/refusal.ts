/**
 * Refusals are values: a stable code that clients branch on, and the reason in one closed word.
 *
 * The codes are those of the platform's catalogue. Nothing in this library throws for what somebody sent.
 */
export interface Refusal {
  readonly code:
    | 'consensus.tally.malformed'
    | 'consensus.tally.too-tied'
    | 'consensus.tally.too-large'
    | 'consensus.decision.malformed'
    | 'consensus.decision.phase'
    | 'consensus.ballot.late'
    | 'consensus.ballot.not-a-voter'
    | 'consensus.ballot.signature'
    | 'consensus.ballot.equivocation'
    | 'consensus.ballot.malformed'
    | 'consensus.ballot.reveal-mismatch'
    | 'consensus.contribution.malformed'
    | 'consensus.contribution.conflict'
    | 'consensus.veto.malformed'
    | 'consensus.veto.role'
    | 'consensus.evidence.unknown-gate'
    | 'consensus.evidence.conflict';
  /** What exactly is wrong, from a closed set per code. */
  readonly reason: string;
  /** JSON Pointer into the input, where the fault has a place. */
  readonly path?: string;
}

/** Either the answer or why there is none. */
export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly refusal: Refusal };
