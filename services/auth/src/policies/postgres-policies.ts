import type { Statements, Tx } from '@conclave/postgres-kit';
import type { Policy } from '@conclave/nest-kit/policy';

/** A policy in one of its versions. */
export interface PolicyVersion {
  readonly id: string;
  readonly version: number;
  /** Null when the version is its end. */
  readonly source: string | null;
  readonly createdAt: string;
  readonly createdBy: string;
}

interface Row {
  readonly id: string;
  readonly version: number;
  readonly source: string | null;
  readonly created_at: Date;
  readonly created_by: string;
}

/** The newest version of every policy that is there, by id. */
export async function currentPolicies(db: Statements, tenantId: string): Promise<(PolicyVersion & Policy)[]> {
  const rows = await db.query<Row>(
    `select * from (select distinct on (id) * from policy where tenant_id = $1 order by id, version desc) p
     where source is not null order by id`,
    [tenantId],
  );
  return rows.map(versionOf).filter((row): row is PolicyVersion & Policy => row.source !== null);
}

/** The policies with the number of the tenant's changes, as they are at one moment. */
export async function policySetIn(
  db: Statements,
  tenantId: string,
): Promise<{ readonly changes: number; readonly policies: readonly Policy[] }> {
  const rows = await db.query<{ version: number | null; id: string | null; source: string | null }>(
    `select y.version, p.id, p.source from (select) one
     left join policy_set y on y.tenant_id = $1
     left join (select distinct on (id) id, source from policy where tenant_id = $1 order by id, version desc) p
       on p.source is not null
     order by p.id`,
    [tenantId],
  );
  const policies = rows.flatMap(({ id, source }) => (id === null || source === null ? [] : [{ id, source }]));
  return { changes: rows[0]?.version ?? 0, policies };
}

/** The policy in a version, the newest unless told. */
export async function policyVersion(
  db: Statements,
  tenantId: string,
  id: string,
  version?: number,
): Promise<PolicyVersion | undefined> {
  const row = await db.one<Row>(
    `select * from policy where tenant_id = $1 and id = $2 and ($3::int is null or version = $3)
     order by version desc limit 1`,
    [tenantId, id, version ?? null],
  );
  return row && versionOf(row);
}

export async function insertPolicyVersion(tx: Tx, tenantId: string, row: PolicyVersion): Promise<void> {
  await tx.query(
    `insert into policy (tenant_id, id, version, source, created_at, created_by) values ($1, $2, $3, $4, $5, $6)`,
    [tenantId, row.id, row.version, row.source, row.createdAt, row.createdBy],
  );
}

/** Nobody else changes a policy of the tenant until the transaction ends. */
export async function lockPolicySet(tx: Tx, tenantId: string): Promise<void> {
  await tx.query('insert into policy_set (tenant_id) values ($1) on conflict do nothing', [tenantId]);
  await tx.query('select from policy_set where tenant_id = $1 for update', [tenantId]);
}

export async function updatePolicySet(tx: Tx, tenantId: string, digest: string | undefined): Promise<void> {
  await tx.query('update policy_set set digest = $2 where tenant_id = $1', [tenantId, digest ?? null]);
}

const versionOf = ({ id, version, source, created_at, created_by }: Row): PolicyVersion => ({
  id,
  version,
  source,
  createdAt: created_at.toISOString(),
  createdBy: created_by,
});
