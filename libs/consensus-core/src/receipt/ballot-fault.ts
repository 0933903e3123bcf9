/** What the recount finds wrong in a receipt, and where. */

/** Something in a predicate that an honest service could not have written. */
export interface BallotFault {
  readonly code:
    | 'voter-repeated'
    | 'key-repeated'
    | 'not-a-voter'
    | 'record-repeated'
    | 'statement-repeated'
    | 'foreign'
    | 'signature'
    | 'window'
    | 'seq-repeated'
    | 'seq-gap'
    | 'status'
    | 'evidence-repeated'
    | 'unknown-gate'
    | 'electorate'
    | 'terms'
    | 'contribution'
    | 'veto'
    | 'wave'
    | 'not-certain';
  /** JSON Pointer into the predicate. */
  readonly path: string;
}

export function fault(code: BallotFault['code'], path: string): BallotFault {
  return { code, path };
}

export function repeats(values: readonly (string | number)[]): boolean {
  return new Set(values).size < values.length;
}
