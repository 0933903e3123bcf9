/**
 * Where a voter stands, derived from what the voter signed and nothing else.
 *
 * Two different commitments or two different ballots of one voter are equivocation; a ballot that does not open the
 * voter's commitment is a broken promise: both make the voter void, and the statements that show it are kept. An
 * equivocation has two contradictory signatures to show, a broken promise the signed salt; where the terms are without
 * `signedReveals`, that salt is the platform's word.
 */
import { jcs } from '@conclave/audit-core';
import { commitOf, type Ballot, type Statement } from '../ballot.js';
import type { FinalStatus } from '../receipt/predicate.js';

/** What a statement says, without its place and signature. */
type Said = Pick<Statement, 'commit' | 'ballot' | 'salt'>;

/** What a voter's statements amount to, while ballots are still accepted. */
export interface Standing {
  readonly status: Exclude<FinalStatus, 'unrevealed'> | 'pending' | 'committed';
  /** The ballot that counts, or the abstention. */
  readonly ballot?: Ballot;
}

/** Derives a voter's standing. Statements are distinct, because a repeated one is never recorded twice. */
export function standingOf(statements: readonly Said[]): Standing {
  const commits = statements.flatMap(({ commit }) => commit ?? []);
  const ballots = statements.filter(({ ballot }) => ballot !== undefined);
  if (commits.length > 1 || ballots.length > 1) return { status: 'void' };
  const [cast] = ballots;
  if (!cast?.ballot) return { status: commits.length === 1 ? 'committed' : 'pending' };
  const { ballot, salt } = cast;
  const promised = salt === undefined ? undefined : commitOf(ballot, salt);
  if (promised !== commits[0]) return { status: 'void' };
  return { status: ballot.vote === 'abstain' ? 'abstained' : 'counted', ballot };
}

/** What is left of a standing once the ballots are closed. */
export function finalStatus({ status }: Standing): FinalStatus {
  return status === 'committed' || status === 'pending' ? 'unrevealed' : status;
}

/** Whether two statements say the same; signature, salt and place do not matter. */
export function sameStatement(a: Said, b: Said): boolean {
  return a.commit === b.commit && jcs(a.ballot ?? null) === jcs(b.ballot ?? null);
}
