/**
 * The life of a decision as a table: in which phase which event is legal, and where it leads.
 *
 * `open` secrecy starts in `ballots`; `sealed` secrecy starts in `commit`, so that nobody can copy a ballot. The phases
 * without exits are final. Types, the diagram in the docs and the exhaustive test derive from this table.
 */
import type { EventType } from './events.js';

export const phases = [
  'ballots',
  'commit',
  'reveal',
  'tallied',
  'sealed',
  'no-quorum',
  'tied',
  'expired',
  'canceled',
] as const;
export type Phase = (typeof phases)[number];

/** Phases a legal event may lead to; with more than one, the event says which. */
type Exits = Readonly<Partial<Record<EventType, readonly [Phase, ...Phase[]]>>>;

export const transitions: Readonly<Record<Phase, Exits>> = {
  ballots: {
    'evidence.recorded': ['ballots'],
    'ballot.cast': ['ballots'],
    'ballot.abstained': ['ballots'],
    'ballots.closed': ['tallied'],
    'decision.canceled': ['canceled'],
  },
  commit: {
    'evidence.recorded': ['commit'],
    'ballot.committed': ['commit'],
    'ballot.abstained': ['commit'],
    'commits.closed': ['reveal'],
    'decision.canceled': ['canceled'],
  },
  reveal: {
    'evidence.recorded': ['reveal'],
    'ballot.revealed': ['reveal'],
    'ballots.closed': ['tallied'],
    'decision.canceled': ['canceled'],
  },
  tallied: {
    'decision.sealed': ['sealed', 'no-quorum', 'tied', 'expired'],
    'decision.canceled': ['canceled'],
  },
  sealed: {},
  'no-quorum': {},
  tied: {},
  expired: {},
  canceled: {},
};

/** Whether nothing can happen to a decision any more. */
export function isFinal(phase: Phase): boolean {
  return Object.keys(transitions[phase]).length === 0;
}
