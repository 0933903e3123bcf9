/**
 * The life of a decision as a table: in which phase which event is legal, and where it leads.
 *
 * A decision with `rounds` starts in `propose` or `critique`; the vote itself begins in `ballots` (open secrecy) or in
 * `commit` (sealed), so that nobody can copy a ballot. The phases without exits are final. Types, the diagram in the
 * docs and the exhaustive test derive from this table.
 */
import type { EventType } from './events.js';

export const phases = [
  'propose',
  'critique',
  'revise',
  'ballots',
  'commit',
  'reveal',
  'tallied',
  'sealed',
  'no-quorum',
  'tied',
  'vetoed',
  'expired',
  'canceled',
] as const;
export type Phase = (typeof phases)[number];

/** Phases a legal event may lead to; with more than one, the event or the terms say which. */
type Exits = Readonly<Partial<Record<EventType, readonly [Phase, ...Phase[]]>>>;

export const transitions: Readonly<Record<Phase, Exits>> = {
  propose: {
    'evidence.recorded': ['propose'],
    'proposal.made': ['propose'],
    'proposals.closed': ['critique'],
    'options.frozen': ['ballots', 'commit'],
    'veto.cast': ['tallied'],
    'decision.canceled': ['canceled'],
  },
  critique: {
    'evidence.recorded': ['critique'],
    'critique.made': ['critique'],
    'critiques.closed': ['revise'],
    'veto.cast': ['tallied'],
    'decision.canceled': ['canceled'],
  },
  revise: {
    'evidence.recorded': ['revise'],
    'revision.made': ['revise'],
    'options.frozen': ['ballots', 'commit'],
    'veto.cast': ['tallied'],
    'decision.canceled': ['canceled'],
  },
  ballots: {
    'evidence.recorded': ['ballots'],
    'ballot.cast': ['ballots'],
    'ballot.abstained': ['ballots'],
    'wave.opened': ['ballots'],
    'ballots.closed': ['tallied'],
    'veto.cast': ['tallied'],
    'decision.canceled': ['canceled'],
  },
  commit: {
    'evidence.recorded': ['commit'],
    'ballot.committed': ['commit'],
    'ballot.abstained': ['commit'],
    'commits.closed': ['reveal'],
    'veto.cast': ['tallied'],
    'decision.canceled': ['canceled'],
  },
  reveal: {
    'evidence.recorded': ['reveal'],
    'ballot.revealed': ['reveal'],
    'ballots.closed': ['tallied'],
    'veto.cast': ['tallied'],
    'decision.canceled': ['canceled'],
  },
  tallied: {
    'decision.sealed': ['sealed', 'no-quorum', 'tied', 'vetoed', 'expired'],
    'decision.canceled': ['canceled'],
  },
  sealed: {},
  'no-quorum': {},
  tied: {},
  vetoed: {},
  expired: {},
  canceled: {},
};

/** Whether nothing can happen to a decision any more. */
export function isFinal(phase: Phase): boolean {
  return Object.keys(transitions[phase]).length === 0;
}

/** The table as a Mermaid state diagram; what leads nowhere is left out. */
export function decisionDiagram(): string {
  const edges = Object.entries(transitions).flatMap(([from, exits]) =>
    Object.entries(exits).flatMap(([event, next]) =>
      next.filter((to) => to !== from).map((to) => `  ${from} --> ${to}: ${event}`),
    ),
  );
  return ['stateDiagram-v2', ...edges].join('\n');
}
