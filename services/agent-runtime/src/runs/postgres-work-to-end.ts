/** Work that is to end, and the runs of it that go on. */
import { newId } from '@conclave/contracts';
import type { Database, Tx } from '@conclave/postgres-kit';
import { LIVE_RUN } from '../engine/state-lists.js';

/** A member's in a workspace; or what was started with a key, through a connection, or with what was opened so. */
export type Whose = { readonly workspaceId: string; readonly principalId: string } | { readonly credential: string };

export interface Ending {
  readonly tenantId: string;
  /** Who said so. */
  readonly actor: string;
  readonly whose: Whose;
}

export type KeptEnding = Ending & { readonly id: string };

interface Row {
  readonly tenant_id: string;
  readonly id: string;
  readonly actor: string;
  readonly workspace_id: string | null;
  readonly principal_id: string | null;
  readonly credential_id: string | null;
}

/**
 * Statements under way see what was committed before they began, and are given a number when they first write. Counted
 * from the first look, which is behind the commit.
 */
const SETTLED_MS = 1_000;
/** Endings that are looked at in one round. */
const AT_ONCE = 100;

const columnsOf = (whose: Whose): (string | null)[] =>
  'credential' in whose ? [null, null, whose.credential] : [whose.workspaceId, whose.principalId, null];

export async function keepEnding(tx: Tx, { tenantId, actor, whose }: Ending): Promise<void> {
  await tx.query(
    `insert into work_to_end (tenant_id, id, actor, workspace_id, principal_id, credential_id) values ($1, $2, $3, $4, $5, $6)`,
    [tenantId, newId('event'), actor, ...columnsOf(whose)],
  );
}

/** Lets it go on after all. */
export async function dropEndings(tx: Tx, tenantId: string, whose: Whose): Promise<void> {
  await tx.query(
    `delete from work_to_end where tenant_id = $1 and workspace_id is not distinct from $2
       and principal_id is not distinct from $3 and credential_id is not distinct from $4`,
    [tenantId, ...columnsOf(whose)],
  );
}

export async function dropEnding(tx: Tx, { tenantId, id }: KeptEnding): Promise<void> {
  await tx.query('delete from work_to_end where tenant_id = $1 and id = $2', [tenantId, id]);
}

/** Those of all tenants, oldest first. */
export async function keptEndings(db: Database): Promise<KeptEnding[]> {
  const rows = await db.system((tx) =>
    tx.query<Row>(
      `select tenant_id, id, actor, workspace_id, principal_id, credential_id from work_to_end order by at limit ${AT_ONCE}`,
    ),
  );
  return rows.map(({ tenant_id: tenantId, id, actor, workspace_id, principal_id, credential_id }) => ({
    ...{ tenantId, id, actor },
    whose:
      credential_id === null
        ? { workspaceId: workspace_id!, principalId: principal_id! }
        : { credential: credential_id },
  }));
}

/**
 * Locks one that is still to end. @returns whether every transaction is over that may have begun a run of it without
 * having seen that; undefined when it is not to end any more
 */
export async function lockEnding(tx: Tx, { tenantId, id }: KeptEnding): Promise<{ last: boolean } | undefined> {
  return tx.one<{ last: boolean }>(
    `update work_to_end set seen_at = coalesce(seen_at, clock_timestamp()), horizon = coalesce(horizon, case
         when seen_at < clock_timestamp() - ${SETTLED_MS} * interval '1 ms' then pg_snapshot_xmax(pg_current_snapshot()) end)
     where tenant_id = $1 and id = $2
     returning coalesce(pg_snapshot_xmin(pg_current_snapshot()) >= horizon, false) as last`,
    [tenantId, id],
  );
}

/** Runs that go on, those that are at work first, with the decision that each waits for. */
export function liveRunsOf(
  tx: Tx,
  tenantId: string,
  whose: Whose,
  limit: number,
): Promise<{ id: string; decision: string | null }[]> {
  const [which, ...values] =
    'credential' in whose
      ? ['root_credential = $2', whose.credential]
      : ['actor = $2 and workspace_id = $3', whose.principalId, whose.workspaceId];
  return tx.query(
    `select id, decision_id as decision from run where tenant_id = $1 and ${which}
       and state in ${LIVE_RUN} order by state <> 'running', id limit ${limit}`,
    [tenantId, ...values],
  );
}
