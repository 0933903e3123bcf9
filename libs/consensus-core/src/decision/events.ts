/**
 * The events a decision consists of: `decision_event(decision_id, seq)`, from 1 and without gaps.
 *
 * Invariants: `seq` is the only clock of the protocol; `at` is a label for people. Events hold what voters signed, so
 * equivocation and broken promises need no event of their own: they follow from the statements that are kept.
 */
import { ballotShape, signatureShape, type Statement } from '../ballot.js';
import { contributionShape } from '../discussion.js';
import { identifier, LIMITS, prose, salt, sha256Hex } from '../primitives.js';
import { finalPhases, findingOfGate, outcomeShape, tallyShape } from '../receipt/predicate.js';
import { list, object, oneOf, read, text, type Of, type Read, type Shape } from '../shape.js';
import { termsShape } from '../terms.js';
import { vetoShape } from '../veto.js';

/** Why a phase ended: everybody had spoken, time was up, or nothing that is left could change the outcome. */
const cause = oneOf('complete', 'deadline', 'certain');
const closing = object({ cause });
const spoken = object(
  { contribution: contributionShape, signature: signatureShape },
  /** What `textSha256` commits to. */
  { text: text(20_000, 1), salt },
);

/** What each type of event says. */
const eventShapes = {
  'decision.opened': termsShape,
  'evidence.recorded': object(findingOfGate),
  'proposal.made': spoken,
  'proposals.closed': closing,
  'critique.made': spoken,
  'critiques.closed': closing,
  'revision.made': spoken,
  /** The options are final; ballots sign over {@link agendaDigest}. */
  'options.frozen': object({ cause, agendaSha256: sha256Hex }),
  'ballot.cast': object({ ballot: ballotShape, signature: signatureShape }),
  'ballot.abstained': object({ ballot: ballotShape, signature: signatureShape }),
  'ballot.committed': object({ voterId: identifier, commit: sha256Hex, signature: signatureShape }),
  'commits.closed': closing,
  'ballot.revealed': object({ ballot: ballotShape, salt, signature: signatureShape }),
  /** These voters are asked now. */
  'wave.opened': object({ voters: list(identifier, LIMITS.voters, 1) }),
  'ballots.closed': closing,
  /** Ends the decision at once. */
  'veto.cast': object({ veto: vetoShape, signature: signatureShape }),
  'decision.sealed': object({ phase: oneOf(...finalPhases), outcome: outcomeShape, tally: tallyShape }),
  'decision.canceled': object({ reason: prose(400) }),
} as const;
/** Why a decision stops waiting. */
export type CloseCause = Of<typeof cause>;
export type EventType = keyof typeof eventShapes;

/** An event that is to be appended. */
export type NewEvent = {
  readonly [T in EventType]: { readonly type: T; readonly data: Of<(typeof eventShapes)[T]> };
}[EventType];

/** An event as it is kept. */
export type DecisionEvent = NewEvent & { readonly seq: number; readonly at: string };

/** Reads the data of a stored event of a known type. */
export function parseEventData<T extends EventType>(type: T, data: unknown): Read<Of<(typeof eventShapes)[T]>> {
  return read(eventShapes[type] as Shape<Of<(typeof eventShapes)[T]>>, data);
}

/** An event that holds something a voter signed. */
export type StatementEvent = Extract<
  NewEvent,
  { type: 'ballot.cast' | 'ballot.abstained' | 'ballot.committed' | 'ballot.revealed' }
>;

/** An event that holds what somebody said before the vote. */
export type SpokenEvent = Extract<NewEvent, { type: 'proposal.made' | 'critique.made' | 'revision.made' }>;

/** Who signed what in such an event; the place in the log is the event's own. */
export function statementIn({ type, data }: StatementEvent): { voterId: string; statement: Omit<Statement, 'seq'> } {
  if (type === 'ballot.committed') {
    const { voterId, ...statement } = data;
    return { voterId, statement };
  }
  return { voterId: data.ballot.voterId, statement: data };
}
