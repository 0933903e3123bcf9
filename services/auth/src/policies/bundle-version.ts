/**
 * Versions of what decides over the acts in a tenant: its own roles and policies, counted, and the roles that are built
 * in, by a digest of them. Entries of the log name the version that decided, and changes the one they made.
 */
import { createHash } from 'node:crypto';
import { emergencyPermissions, ownerPermissions, roles } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';

const BUILT_IN = createHash('sha256')
  .update(JSON.stringify([roles, ownerPermissions, emergencyPermissions]))
  .digest('hex')
  .slice(0, 8);

/** As entries name it; a tenant that has changed nothing is at 0. */
export const bundleName = (changes: number | null | undefined): string => `${changes ?? 0}+${BUILT_IN}`;

export async function changesOf(db: Statements, tenantId: string): Promise<number> {
  const row = await db.one<{ version: number }>('select version from policy_set where tenant_id = $1', [tenantId]);
  return row?.version ?? 0;
}

/** Counts a change. @returns the version it makes; the next one has to wait for the end of the transaction */
export async function nextBundle(tx: Tx, tenantId: string): Promise<string> {
  const row = await tx.one<{ version: number }>(
    `insert into policy_set (tenant_id, version) values ($1, 1)
     on conflict (tenant_id) do update set version = policy_set.version + 1 returning version`,
    [tenantId],
  );
  return bundleName(row!.version);
}
