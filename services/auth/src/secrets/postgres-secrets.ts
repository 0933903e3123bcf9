import type { ReplyOf, secrets } from '@conclave/contracts';
import { pageOf, type Statements, type Tx } from '@conclave/postgres-kit';

/** A secret as people see it. */
export type Secret = ReplyOf<typeof secrets.createSecret>;

/** Where a secret belongs. */
export interface Shelf {
  readonly tenantId: string;
  readonly workspaceId: string;
}

interface SecretRow {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly created_at: Date;
  readonly rotated_at: Date | null;
  readonly readable: boolean;
}

/** What a secret is at rest. */
export interface SealedSecret {
  readonly id: string;
  readonly name: string;
  readonly version: number;
  readonly dataKeyId: string;
  readonly sealed: string;
}

const SECRET = `select s.id, s.name, s.version, s.created_at, s.rotated_at, k.destroyed_at is null as readable
  from secret s join data_key k on k.tenant_id = s.tenant_id and k.id = s.data_key_id`;

export async function insertSecret(tx: Tx, { tenantId, workspaceId }: Shelf, secret: SealedSecret): Promise<void> {
  await tx.query(
    `insert into secret (tenant_id, workspace_id, id, name, version, data_key_id, sealed, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, now())`,
    [tenantId, workspaceId, secret.id, secret.name, secret.version, secret.dataKeyId, secret.sealed],
  );
}

export async function readSecret(
  db: Statements,
  { tenantId, workspaceId }: Shelf,
  id: string,
): Promise<Secret | undefined> {
  const where = 'where s.tenant_id = $1 and s.workspace_id = $2 and s.id = $3';
  const row = await db.one<SecretRow>(`${SECRET} ${where}`, [tenantId, workspaceId, id]);
  return row && viewOf(row);
}

/** The secret, as it is until the transaction ends. */
export async function lockSecret(
  tx: Tx,
  { tenantId, workspaceId }: Shelf,
  id: string,
): Promise<Pick<Secret, 'id' | 'name' | 'version'> | undefined> {
  return tx.one(
    'select id, name, version from secret where tenant_id = $1 and workspace_id = $2 and id = $3 for update',
    [tenantId, workspaceId, id],
  );
}

export async function updateSecret(tx: Tx, { tenantId }: Shelf, secret: SealedSecret): Promise<void> {
  await tx.query(
    `update secret set version = $3, data_key_id = $4, sealed = $5, rotated_at = now() where tenant_id = $1 and id = $2`,
    [tenantId, secret.id, secret.version, secret.dataKeyId, secret.sealed],
  );
}

export async function removeSecret(tx: Tx, { tenantId }: Shelf, id: string): Promise<void> {
  await tx.query('delete from secret where tenant_id = $1 and id = $2', [tenantId, id]);
}

export async function sealedSecretNamed(
  db: Statements,
  { tenantId, workspaceId }: Shelf,
  name: string,
): Promise<SealedSecret | undefined> {
  return db.one<SealedSecret>(
    `select id, name, version, data_key_id as "dataKeyId", sealed from secret
     where tenant_id = $1 and workspace_id = $2 and name = $3`,
    [tenantId, workspaceId, name],
  );
}

/** The workspace's secrets, newest first. */
export async function pageOfSecrets(
  db: Statements,
  { tenantId, workspaceId }: Shelf,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Secret[]; next?: string }> {
  const rows = await db.query<SecretRow>(
    `${SECRET} where s.tenant_id = $1 and s.workspace_id = $2 and ($3::text is null or s.id < $3)
     order by s.id desc limit $4`,
    [tenantId, workspaceId, after ?? null, limit + 1],
  );
  return pageOf(rows.map(viewOf), limit);
}

const viewOf = ({ id, name, version, created_at, rotated_at, readable }: SecretRow): Secret => ({
  ...{ id, name, version, createdAt: created_at.toISOString(), readable },
  ...(rotated_at ? { rotatedAt: rotated_at.toISOString() } : {}),
});
