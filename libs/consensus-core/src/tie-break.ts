/**
 * The seeded order of options: how a tie is broken where the terms of a decision ask for it, and nowhere else.
 *
 * Options are ordered by SHA-256("conclave/tiebreak/v1\n" ‖ hex decision digest ‖ "\n" ‖ option id). Nobody can steer it
 * when the digest covers what was fixed before anybody could know the tie; everybody can compute it again.
 */
import { hex, sha256, utf8 } from '@conclave/audit-core';

/** The options, the one that a tie falls to first; `decisionDigestHex` is a SHA-256 in lower-case hex. */
export function seededOrder(decisionDigestHex: string, optionIds: readonly string[]): string[] {
  const keyed = optionIds.map((id) => ({
    id,
    key: hex(sha256(utf8(`conclave/tiebreak/v1\n${decisionDigestHex}\n${id}`))),
  }));
  return keyed.sort((a, b) => (a.key < b.key ? -1 : 1)).map(({ id }) => id);
}
