/**
 * From a decision's events to its receipt's predicate.
 *
 * Invariant: a pure function of the events, and the result was written down by `decision.sealed`, so folding the same
 * events again, by another replica or another version, gives equal bytes.
 */
import type { DecisionEvent } from '../decision/events.js';
import { foldDecision, type Decision } from '../decision/decision.js';
import { finalStatus, standingOf } from '../decision/standing.js';
import { publicTermsOf } from '../terms.js';
import type { Disclosure } from './receipt-file.js';
import type { Predicate } from './predicate.js';

/** The predicate of a sealed decision; undefined while it runs and when it was canceled. */
export function predicateOf(events: readonly DecisionEvent[]): Predicate | undefined {
  const decision = foldDecision(events);
  const { terms, ended, closed, commitsClosed } = decision;
  if (ended?.type !== 'decision.sealed' || closed === undefined) return undefined;
  return {
    ...publicTermsOf(terms),
    evidence: [...decision.evidence.values()],
    ballots: ballotRecordsOf(decision),
    ...ended.data,
    window: { opened: 1, closed, ended: ended.seq, ...(commitsClosed !== undefined && { commitsClosed }) },
    times: { openedAt: decision.openedAt, endedAt: ended.at },
  };
}

/** Voters who said anything, in the order of the electorate. */
export function ballotRecordsOf({ terms, statements }: Decision): Predicate['ballots'] {
  return terms.electorate.flatMap(({ voterId }) => {
    const said = statements.get(voterId);
    return said ? [{ voterId, status: finalStatus(standingOf(said)), statements: said }] : [];
  });
}

/** What may be told beside the receipt, with the salts that open the predicate's commitments. */
export function disclosuresOf({ terms }: Decision): Disclosure[] {
  return [{ path: '/question', salt: terms.questionSalt, value: terms.question }];
}
