import { events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { endGrants } from '../oauth/end-grants.js';
import { markSignInsEnded, type WhichSignIns } from './postgres-sign-ins.js';

/**
 * Ends open sign-ins with what programs were allowed under them, and says so to those who remember their contexts. What
 * was allowed under sign-ins that ran out long ago ends with what they had been opened with, too.
 *
 * @returns how many there were
 */
export async function endSignIns(tx: Tx, tenantId: string, which: WhichSignIns, at: Date): Promise<number> {
  const ended = await endSignInsAlone(tx, tenantId, which, at);
  if (ended.length > 0) await endGrants(tx, tenantId, { signInIds: ended }, 'sign-in');
  if ('apiKeyId' in which || 'connectionId' in which || 'passkeyId' in which)
    await endGrants(tx, tenantId, which, 'sign-in');
  return ended.length;
}

/** Like {@link endSignIns}, for what goes on as another sign-in. @returns their ids */
export async function endSignInsAlone(tx: Tx, tenantId: string, which: WhichSignIns, at: Date): Promise<string[]> {
  const ended = await markSignInsEnded(tx, tenantId, which, at);
  for (const credentialId of ended) await tx.emit(events.credentialRevoked, { credentialId });
  return ended;
}
