/**
 * A veto: one voter with a role the terms name ends the decision, whatever the others say.
 *
 * It is signed over the opening terms, so it holds in every phase and nobody can carry it to another decision.
 */
import { jcs, utf8 } from '@conclave/audit-core';
import { signatureShape } from './ballot.js';
import { identifier, seq } from './primitives.js';
import { object, text, where, type Of } from './shape.js';

export const vetoShape = where(
  object({ decisionId: identifier, voterId: identifier, reason: text(4_000, 1) }),
  ({ reason }) => reason.trim() !== '',
  'a reason',
);
export type Veto = Of<typeof vetoShape>;

/** A veto as a receipt keeps it. */
export const vetoedShape = object({ seq, veto: vetoShape, signature: signatureShape });
export type Vetoed = Of<typeof vetoedShape>;

/** The exact bytes a voter signs to veto. */
export function vetoBytes(veto: Veto, termsSha256: string): Uint8Array {
  return utf8(`conclave/veto/v1\n${termsSha256}\n${jcs(veto)}`);
}
