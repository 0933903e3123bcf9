import type { Tx } from '@conclave/postgres-kit';

/** Where a program will act for a person. */
export interface Place {
  readonly workspaceId: string;
  readonly name: string;
  readonly role: string;
}

/** A workspace of the person, by id or name. */
export const placeOfPerson = (
  tx: Tx,
  { tenantId, principalId }: { tenantId: string; principalId: string },
  workspace: string,
): Promise<Place | undefined> =>
  tx.one<Place>(
    `select w.id as "workspaceId", w.name, m.role from membership m
     join workspace w on w.tenant_id = m.tenant_id and w.id = m.workspace_id
     join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id
     where m.tenant_id = $1 and m.principal_id = $2 and (w.id = $3 or w.name = $3)
       and m.disabled_at is null and p.disabled_at is null
     order by w.id = $3 desc limit 1`,
    [tenantId, principalId, workspace],
  );
