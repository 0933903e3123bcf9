import type { ReplyOf, auth } from '@conclave/contracts';
import { pageOf, type Tx } from '@conclave/postgres-kit';
import type { Caller } from '../members/caller.js';
import { WorkspaceEntity } from './workspace.entity.js';

export type Workspace = ReplyOf<typeof auth.createWorkspace>;

export async function insertWorkspace(tx: Tx, workspace: WorkspaceEntity): Promise<Workspace> {
  await tx.entities.insert(WorkspaceEntity, workspace);
  return viewOf(workspace);
}

/** Whether the workspace is there. */
export async function hasWorkspace(tx: Tx, tenantId: string, id: string): Promise<boolean> {
  const row = await tx.one('select 1 from workspace where tenant_id = $1 and id = $2', [tenantId, id]);
  return row !== undefined;
}

/** The workspaces the caller is a member of, newest first. */
export async function pageOfWorkspaces(
  tx: Tx,
  { tenantId, principalId }: Caller,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Workspace[]; next?: string }> {
  const rows = await tx.entities
    .createQueryBuilder(WorkspaceEntity, 'w')
    .innerJoin('membership', 'm', 'm.tenant_id = w.tenant_id and m.workspace_id = w.id')
    .where('w.tenant_id = :tenantId and m.principal_id = :principalId and m.disabled_at is null', {
      tenantId,
      principalId,
    })
    .andWhere('(:after::text is null or w.id < :after)', { after: after ?? null })
    .orderBy('w.id', 'DESC')
    .limit(limit + 1)
    .getMany();
  return pageOf(rows.map(viewOf), limit);
}

const viewOf = ({ id, name, createdAt }: WorkspaceEntity): Workspace => ({
  id,
  name,
  createdAt: createdAt.toISOString(),
});
