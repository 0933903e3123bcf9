/**
 * Admission: whether a command becomes an event.
 *
 * An admission is the events to append and, when the sender must be told no, the refusal; both, when what was sent is
 * itself evidence (equivocation, a reveal that opens nothing). No events and no refusal = a repeat, which is answered
 * like the first time, even after the close.
 */
import type { Refusal } from '../refusal.js';
import type { NewEvent } from './events.js';

/** What a command leads to. */
export interface Admission {
  readonly events: readonly NewEvent[];
  readonly refusal?: Refusal;
  /** Signed, and too late to count: what the voter said, by digest, for the record. */
  readonly late?: { readonly voterId: string; readonly statementSha256: string };
}

/** The command was carried out before. */
export const repeated: Admission = { events: [] };

/** The command becomes this event. */
export function accept(event: NewEvent): Admission {
  return { events: [event] };
}

/** The command is refused and leaves no trace. */
export function refuse(code: Refusal['code'], reason: string, path?: string): Admission & { refusal: Refusal } {
  return { events: [], refusal: { code, reason, ...(path !== undefined && { path }) } };
}
