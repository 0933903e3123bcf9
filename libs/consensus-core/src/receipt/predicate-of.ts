/**
 * From a decision's events to its receipt's predicate.
 *
 * Invariant: a pure function of the events, and the result was written down by `decision.sealed`, so folding the same
 * events again, by another replica or another version, gives equal bytes.
 */
import type { DecisionEvent } from '../decision/events.js';
import { foldDecision, type Decision } from '../decision/decision.js';
import type { Spoken } from '../discussion.js';
import { finalStatus, standingOf } from '../decision/standing.js';
import { publicTermsOf } from '../terms.js';
import type { Disclosure } from './receipt-file.js';
import type { Predicate } from './predicate.js';

/** The predicate of a sealed decision; undefined while it runs and when it was canceled. */
export function predicateOf(events: readonly DecisionEvent[]): Predicate | undefined {
  return predicateFrom(foldDecision(events));
}

/** The same, where the events are folded already. */
export function predicateFrom(decision: Decision): Predicate | undefined {
  const { terms, ended, closed, discussion, asked, veto } = decision;
  if (ended?.type !== 'decision.sealed' || closed === undefined) return undefined;
  return {
    ...publicTermsOf(terms),
    evidence: [...decision.evidence.values()],
    ballots: ballotRecordsOf(decision),
    ...ended.data,
    window: { opened: 1, closed, ended: ended.seq, ...windowsOf(decision) },
    times: { openedAt: decision.openedAt, endedAt: ended.at },
    ...(discussion.length > 0 && { discussion: discussion.map(spokenOf) }),
    ...(asked.length > 0 && { asked }),
    ...(veto && { vetoed: veto }),
    ...stoppedOf(decision),
  };
}

/** Where the windows between opening and close lie, as far as the decision has them. */
function windowsOf(decision: Decision): Partial<Predicate['window']> {
  const members = ['proposalsClosed', 'critiquesClosed', 'frozen', 'commitsClosed'] as const;
  return Object.fromEntries(
    members.flatMap((member) => (decision[member] === undefined ? [] : [[member, decision[member]]])),
  );
}

function spokenOf({ seq, contribution, signature }: Decision['discussion'][number]): Spoken {
  return { seq, contribution, signature };
}

/** That the outcome was certain before all had spoken, and who was spared. */
function stoppedOf({ closedBy, asked, terms }: Decision): Pick<Predicate, 'stopped' | 'cost'> {
  if (closedBy !== 'certain') return {};
  const known = asked.flatMap(({ voters }) => voters);
  const notAsked = terms.waves
    ? terms.electorate.map(({ voterId }) => voterId).filter((id) => !known.includes(id))
    : [];
  return { stopped: { cause: closedBy, notAsked }, cost: { skippedByEarlyStop: notAsked.length } };
}

/** Voters who said anything, in the order of the electorate. */
export function ballotRecordsOf({ terms, statements }: Decision): Predicate['ballots'] {
  return terms.electorate.flatMap(({ voterId }) => {
    const said = statements.get(voterId);
    return said ? [{ voterId, status: finalStatus(standingOf(said)), statements: said }] : [];
  });
}

/** What may be told beside the receipt, with the salts that open the predicate's commitments. */
export function disclosuresOf({ terms, discussion }: Decision): Disclosure[] {
  return [
    { path: '/question', salt: terms.questionSalt, value: terms.question },
    ...discussion.flatMap(({ text, salt }, at) =>
      text === undefined || salt === undefined ? [] : [{ path: `/discussion/${at}`, salt, value: text }],
    ),
  ];
}
