import { events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { markSignInsEnded, type WhichSignIns } from './postgres-sign-ins.js';

/** Ends open sign-ins, and says so to those who remember their contexts. @returns whether there were any */
export async function endSignIns(tx: Tx, tenantId: string, which: WhichSignIns, at: Date): Promise<boolean> {
  const ended = await markSignInsEnded(tx, tenantId, which, at);
  for (const credentialId of ended) await tx.emit(events.credentialRevoked, { credentialId });
  return ended.length > 0;
}
