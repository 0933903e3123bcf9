import type { ReplyOf, connections } from '@conclave/contracts';
import { pageOf, type Database, type Statements, type Tx } from '@conclave/postgres-kit';
import type { ConnectionKind, Provisioning } from './settings.js';

/** A connection as it is kept; `settings` were valid once and are checked again by whoever relies on them. */
export interface ConnectionRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly kind: ConnectionKind;
  readonly name: string;
  readonly settings: unknown;
  readonly secret_sealed: string;
  readonly certificate: string | null;
  /** The other key of our side, while there are two. */
  readonly standby_sealed: string | null;
  readonly standby_certificate: string | null;
  readonly provisioning: Provisioning;
  readonly email_domains: string[];
  readonly created_at: Date;
  readonly disabled_at: Date | null;
}

export type Connection = ReplyOf<typeof connections.getConnection>;

const COLUMNS =
  'tenant_id, id, kind, name, settings, secret_sealed, certificate, standby_sealed, standby_certificate, provisioning, email_domains, created_at, disabled_at';

export async function insertConnection(
  tx: Tx,
  row: Omit<ConnectionRow, 'disabled_at' | 'standby_sealed' | 'standby_certificate'>,
): Promise<void> {
  await tx.query(
    `insert into connection (tenant_id, id, kind, name, settings, secret_sealed, certificate, provisioning, email_domains, created_at, enabled_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
    [
      ...[row.tenant_id, row.id, row.kind, row.name, JSON.stringify(row.settings), row.secret_sealed, row.certificate],
      ...[JSON.stringify(row.provisioning), row.email_domains, row.created_at],
    ],
  );
}

/** How many the tenant has; nobody adds one until the transaction ends. */
export async function countConnections(tx: Tx, tenantId: string): Promise<number> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`connections of ${tenantId}`]);
  const row = await tx.one<{ n: string }>('select count(*) as n from connection where tenant_id = $1', [tenantId]);
  return Number(row?.n ?? 0);
}

export const connectionOf = (db: Statements, tenantId: string, id: string): Promise<ConnectionRow | undefined> =>
  db.one<ConnectionRow>(`select ${COLUMNS} from connection where tenant_id = $1 and id = $2`, [tenantId, id]);

/** The connection, as it is until the transaction ends: for a change, or only so that nobody else changes it. */
export const lockConnection = (
  tx: Tx,
  tenantId: string,
  id: string,
  strength: 'update' | 'share',
): Promise<ConnectionRow | undefined> =>
  tx.one<ConnectionRow>(`select ${COLUMNS} from connection where tenant_id = $1 and id = $2 for ${strength}`, [
    tenantId,
    id,
  ]);

export async function updateConnection(tx: Tx, row: ConnectionRow, enabledAt: Date | undefined): Promise<void> {
  await tx.query(
    `update connection set name = $3, settings = $4, secret_sealed = $5, provisioning = $6, email_domains = $7,
       disabled_at = $8, enabled_at = coalesce($9, enabled_at) where tenant_id = $1 and id = $2`,
    [
      ...[row.tenant_id, row.id, row.name, JSON.stringify(row.settings), row.secret_sealed],
      ...[JSON.stringify(row.provisioning), row.email_domains, row.disabled_at, enabledAt ?? null],
    ],
  );
}

/** Keeps the keys of our side as they are in the row. */
export async function updateKeys(tx: Tx, row: ConnectionRow): Promise<void> {
  await tx.query(
    `update connection set secret_sealed = $3, certificate = $4, standby_sealed = $5, standby_certificate = $6
     where tenant_id = $1 and id = $2`,
    [row.tenant_id, row.id, row.secret_sealed, row.certificate, row.standby_sealed, row.standby_certificate],
  );
}

export async function removeConnection(tx: Tx, tenantId: string, id: string): Promise<void> {
  await tx.query('delete from connection where tenant_id = $1 and id = $2', [tenantId, id]);
}

/** The tenant's connections, newest first. */
export async function pageOfConnections(
  db: Statements,
  tenantId: string,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: ConnectionRow[]; next?: string }> {
  const rows = await db.query<ConnectionRow>(
    `select ${COLUMNS} from connection where tenant_id = $1 and ($2::text is null or id < $2) order by id desc limit $3`,
    [tenantId, after ?? null, limit + 1],
  );
  return pageOf(rows, limit);
}

/** Those that let people in, by name; only those for a domain when one is named. */
export const openConnections = (
  db: Statements,
  tenantId: string,
  emailDomain: string | undefined,
): Promise<Pick<ConnectionRow, 'id' | 'kind' | 'name'>[]> =>
  db.query(
    `select id, kind, name from connection where tenant_id = $1 and disabled_at is null
       and ($2::text is null or email_domains @> array[$2]) order by name limit 20`,
    [tenantId, emailDomain ?? null],
  );

/** Runs as the system role, which may ask for nothing but the tenant of one exact id. */
export async function tenantOfConnection(db: Database, id: string): Promise<string | undefined> {
  const row = await db.system((tx) =>
    tx.one<{ tenant: string | null }>('select tenant_of_connection($1) as tenant', [id]),
  );
  return row?.tenant ?? undefined;
}

/** Runs as the system role: the tenants whose connections are for people of a domain. */
export async function tenantsOfDomain(db: Database, domain: string): Promise<string[]> {
  const rows = await db.system((tx) =>
    tx.query<{ tenant: string }>('select tenants_of_email_domain($1) as tenant', [domain]),
  );
  return rows.map(({ tenant }) => tenant);
}
