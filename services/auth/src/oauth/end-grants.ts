import { events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { markGrantsRevoked, type WhichGrants } from './postgres-grants.js';

/** Why a grant ended before its time. `reuse`: something that is used once came again, so somebody has stolen it. */
export type EndReason = 'person' | 'client' | 'sign-in' | 'member' | 'client-deleted' | 'reuse';

/** Ends open grants with all that was had for them, and says so to those who remember their contexts. */
export async function endGrants(tx: Tx, tenantId: string, which: WhichGrants, because: EndReason): Promise<void> {
  for (const { id, ...grant } of await markGrantsRevoked(tx, tenantId, which, new Date())) {
    await tx.emit(events.credentialRevoked, { credentialId: id });
    await tx.emit(events.grantRevoked, { grant: id, ...grant, because });
  }
}
