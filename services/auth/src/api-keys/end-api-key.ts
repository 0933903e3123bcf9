import { events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import { markApiKeyRevoked } from './postgres-api-keys.js';

/** Ends a key and every sign-in that was opened with it, and says so to those who remember their contexts. */
export async function endApiKey(tx: Tx, tenantId: string, id: string, at: Date): Promise<void> {
  await markApiKeyRevoked(tx, tenantId, id, at);
  await tx.emit(events.credentialRevoked, { credentialId: id });
  await endSignIns(tx, tenantId, { apiKeyId: id }, at);
}
