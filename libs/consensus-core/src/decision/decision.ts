/**
 * A decision is a fold over its events; there is no other state.
 *
 * Invariants: the same events give the same decision, whoever folds them and when; an event that the transition table
 * does not allow was never written by this library, so meeting one is a fault of the store and throws.
 */
import type { Statement } from '../ballot.js';
import type { Evidence } from '../receipt/predicate.js';
import type { Terms } from '../terms.js';
import type { Vetoed } from '../veto.js';
import { transitions, type Phase } from './decision.states.js';
import { statementIn, type CloseCause, type DecisionEvent, type NewEvent, type SpokenEvent } from './events.js';

/** A decision at one point of its log. */
export interface Decision {
  readonly terms: Terms;
  readonly phase: Phase;
  /** Number of the last event. */
  readonly seq: number;
  /** All that voters signed, by voter, in the order of the log. */
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  /** What gates reported, by gate. */
  readonly evidence: ReadonlyMap<string, Evidence>;
  /** What was said before the vote, in the order of the log. */
  readonly discussion: readonly (SpokenEvent['data'] & { readonly seq: number })[];
  /** Who was asked when, in decisions that ask in waves. */
  readonly asked: readonly { readonly seq: number; readonly voters: readonly string[] }[];
  readonly openedAt: string;
  /** Event number at which the proposals were closed for a critique. */
  readonly proposalsClosed?: number;
  /** Event number at which the critiques were closed. */
  readonly critiquesClosed?: number;
  /** Event number at which the options became final, in decisions with rounds. */
  readonly frozen?: number;
  /** Event number at which the commits were closed. */
  readonly commitsClosed?: number;
  /** Event number at which the ballots were closed. */
  readonly closed?: number;
  readonly closedBy?: CloseCause;
  readonly veto?: Vetoed;
  /** The last event of a finished decision. */
  readonly ended?: DecisionEvent;
}

/** An event log that no admission could have produced: a damaged or foreign store. */
export class IllegalTransitionError extends Error {
  override readonly name = 'IllegalTransitionError';
}

/** Folds a whole log. */
export function foldDecision(events: readonly DecisionEvent[]): Decision {
  const [first, ...rest] = events;
  if (first?.type !== 'decision.opened' || first.seq !== 1)
    throw new IllegalTransitionError('a decision starts with decision.opened');
  const opened: Decision = {
    terms: first.data,
    phase: firstPhaseOf(first.data),
    seq: 1,
    statements: new Map(),
    evidence: new Map(),
    discussion: [],
    asked: [],
    openedAt: first.at,
  };
  return rest.reduce(applyEvent, opened);
}

/** The decision after one more event. */
export function applyEvent(decision: Decision, event: DecisionEvent): Decision {
  const moved = { ...decision, phase: phaseAfter(decision, event), seq: event.seq };
  switch (event.type) {
    case 'ballot.committed':
    case 'ballot.cast':
    case 'ballot.abstained':
    case 'ballot.revealed': {
      const { voterId, statement } = statementIn(event);
      const earlier = decision.statements.get(voterId) ?? [];
      const statements = [...earlier, { ...statement, seq: event.seq }];
      return { ...moved, statements: new Map(decision.statements).set(voterId, statements) };
    }
    case 'evidence.recorded': {
      const evidence = new Map(moved.evidence).set(event.data.gate, { ...event.data, seq: event.seq });
      return { ...moved, evidence };
    }
    case 'proposal.made':
    case 'critique.made':
    case 'revision.made':
      return { ...moved, discussion: [...decision.discussion, { ...event.data, seq: event.seq }] };
    case 'wave.opened':
      return { ...moved, asked: [...decision.asked, { seq: event.seq, voters: event.data.voters }] };
    case 'proposals.closed':
      return { ...moved, proposalsClosed: event.seq };
    case 'critiques.closed':
      return { ...moved, critiquesClosed: event.seq };
    case 'options.frozen':
      return { ...moved, frozen: event.seq };
    case 'commits.closed':
      return { ...moved, commitsClosed: event.seq };
    case 'ballots.closed':
      return { ...moved, closed: event.seq, closedBy: event.data.cause };
    case 'veto.cast':
      return { ...moved, closed: event.seq, veto: { ...event.data, seq: event.seq } };
    default:
      return { ...moved, ended: event };
  }
}

/** Numbers and dates events, so that they follow a decision's log. */
export function appendTo(seq: number, events: readonly NewEvent[], at: string): DecisionEvent[] {
  return events.map((event, index) => ({ ...event, seq: seq + index + 1, at }));
}

function firstPhaseOf({ rounds, secrecy }: Terms): Phase {
  if (rounds?.propose) return 'propose';
  return rounds?.critique ? 'critique' : votingPhase(secrecy);
}

function votingPhase(secrecy: Terms['secrecy']): Phase {
  return secrecy === 'sealed' ? 'commit' : 'ballots';
}

function phaseAfter({ terms, phase, seq }: Decision, event: DecisionEvent): Phase {
  const exits = transitions[phase][event.type];
  const next =
    event.type === 'decision.sealed'
      ? event.data.phase
      : event.type === 'options.frozen'
        ? votingPhase(terms.secrecy)
        : exits?.[0];
  if (event.seq !== seq + 1 || next === undefined || !exits?.includes(next))
    throw new IllegalTransitionError(`event ${event.seq} (${event.type}) after event ${seq} in phase ${phase}`);
  return next;
}
