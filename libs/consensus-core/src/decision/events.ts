/**
 * The events a decision consists of: `decision_event(decision_id, seq)`, from 1 and without gaps.
 *
 * Invariants: `seq` is the only clock of the protocol; `at` is a label for people. Events hold what voters signed, so
 * equivocation and broken promises need no event of their own: they follow from the statements that are kept.
 */
import { ballotShape, signatureShape, type Statement } from '../ballot.js';
import { identifier, prose, salt, sha256Hex } from '../primitives.js';
import { finalPhases, findingOfGate, outcomeShape, tallyShape } from '../receipt/predicate.js';
import { object, oneOf, read, type Of, type Read, type Shape } from '../shape.js';
import { termsShape } from '../terms.js';

/** What each type of event says. */
const eventShapes = {
  'decision.opened': termsShape,
  'evidence.recorded': object(findingOfGate),
  'ballot.cast': object({ ballot: ballotShape, signature: signatureShape }),
  'ballot.abstained': object({ ballot: ballotShape, signature: signatureShape }),
  'ballot.committed': object({ voterId: identifier, commit: sha256Hex, signature: signatureShape }),
  'commits.closed': object({ cause: oneOf('complete', 'deadline') }),
  'ballot.revealed': object({ ballot: ballotShape, salt, signature: signatureShape }),
  'ballots.closed': object({ cause: oneOf('complete', 'deadline') }),
  'decision.sealed': object({ phase: oneOf(...finalPhases), outcome: outcomeShape, tally: tallyShape }),
  'decision.canceled': object({ reason: prose(400) }),
} as const;
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

/** Who signed what in such an event; the place in the log is the event's own. */
export function statementIn({ type, data }: StatementEvent): { voterId: string; statement: Omit<Statement, 'seq'> } {
  if (type === 'ballot.committed') {
    const { voterId, ...statement } = data;
    return { voterId, statement };
  }
  return { voterId: data.ballot.voterId, statement: data };
}
