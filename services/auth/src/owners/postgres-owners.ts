import type { ReplyOf, tenants } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';
import type { PrincipalKind } from '../members/principal.entity.js';

export type Owner = ReplyOf<typeof tenants.addOwner>;

interface OwnerRow {
  readonly id: string;
  readonly kind: PrincipalKind;
  readonly name: string;
  readonly owner_since: Date | null;
}

/** A tenant's members, each once, wherever they belong. */
const MEMBERS = `select p.id, p.kind, p.name, p.owner_since from principal p
  where p.tenant_id = $1 and p.disabled_at is null and exists (select from membership m
    where m.tenant_id = p.tenant_id and m.principal_id = p.id and m.disabled_at is null)`;

export async function ownersOf(db: Statements, tenantId: string): Promise<Owner[]> {
  const rows = await db.query<OwnerRow>(`${MEMBERS} and p.owner_since is not null order by p.owner_since, p.id`, [
    tenantId,
  ]);
  return rows.map(viewOf);
}

/** The people who own the tenant, and will until the transaction ends. */
export async function lockOwners(tx: Tx, tenantId: string): Promise<string[]> {
  const rows = await tx.query<OwnerRow>(
    `${MEMBERS} and p.owner_since is not null and p.kind = 'user' order by p.id for update of p`,
    [tenantId],
  );
  return rows.map(({ id }) => id);
}

/** A member of any workspace, locked; `since` is missing when they own nothing. */
export async function lockCandidate(
  tx: Tx,
  tenantId: string,
  id: string,
): Promise<(Omit<Owner, 'since'> & { since?: string }) | undefined> {
  const row = await tx.one<OwnerRow>(`${MEMBERS} and p.id = $2 for update of p`, [tenantId, id]);
  if (!row) return undefined;
  const { owner_since: since, ...principal } = row;
  return { principal, ...(since ? { since: since.toISOString() } : {}) };
}

export async function setOwner(tx: Tx, tenantId: string, id: string, since: Date | null): Promise<void> {
  await tx.query('update principal set owner_since = $3 where tenant_id = $1 and id = $2', [tenantId, id, since]);
}

const viewOf = ({ owner_since: since, ...principal }: OwnerRow): Owner => ({ principal, since: since!.toISOString() });
