import type { ReplyOf, oauth } from '@conclave/contracts';
import { pageOf, type Statements, type Tx } from '@conclave/postgres-kit';
import type { OauthClient } from './clients.js';

/** A registered program as administrators see it. */
export type RegisteredClient = ReplyOf<typeof oauth.changeOauthClient>;

interface ClientRow {
  readonly id: string;
  readonly name: string;
  readonly kind: RegisteredClient['kind'];
  readonly redirect_uris: string[];
  readonly created_at: Date;
}

const COLUMNS = 'id, name, kind, redirect_uris, created_at';

/** Runs as the system role, which may ask for nothing but the tenant of one exact id. */
export async function tenantOfClient(tx: Tx, id: string): Promise<string | undefined> {
  // What else a program calls itself may be text that no database takes.
  if (!/^\w{1,64}$/.test(id)) return undefined;
  const row = await tx.one<{ tenant: string | null }>('select tenant_of_oauth_client($1) as tenant', [id]);
  return row?.tenant ?? undefined;
}

/** A program with the digest of its secret. */
export async function oauthClient(db: Statements, tenantId: string, id: string): Promise<OauthClient | undefined> {
  const row = await db.one<ClientRow & { secret: Buffer | null }>(
    `select ${COLUMNS}, secret from oauth_client where tenant_id = $1 and id = $2`,
    [tenantId, id],
  );
  if (!row) return undefined;
  const secret = row.secret?.toString('base64url');
  return { id, name: row.name, redirectUris: row.redirect_uris, ...(secret === undefined ? {} : { secret }) };
}

/** How many there are; no other is made until the transaction ends. */
export async function countClients(tx: Tx, tenantId: string): Promise<number> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`oauth clients of ${tenantId}`]);
  const row = await tx.one<{ clients: number }>(
    'select count(*)::int as clients from oauth_client where tenant_id = $1',
    [tenantId],
  );
  return row!.clients;
}

export async function insertClient(
  tx: Tx,
  tenantId: string,
  client: Omit<RegisteredClient, 'createdAt'> & { readonly secret?: Buffer },
): Promise<RegisteredClient> {
  const row = await tx.one<ClientRow>(
    `insert into oauth_client (tenant_id, id, name, kind, redirect_uris, secret, created_at)
     values ($1, $2, $3, $4, $5, $6, now()) returning ${COLUMNS}`,
    [tenantId, client.id, client.name, client.kind, client.redirectUris, client.secret ?? null],
  );
  return viewOf(row!);
}

export async function pageOfClients(
  db: Statements,
  tenantId: string,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: RegisteredClient[]; next?: string }> {
  const rows = await db.query<ClientRow>(
    `select ${COLUMNS} from oauth_client where tenant_id = $1 and ($2::text is null or id < $2) order by id desc limit $3`,
    [tenantId, after ?? null, limit + 1],
  );
  return pageOf(rows.map(viewOf), limit);
}

export async function updateClient(
  tx: Tx,
  tenantId: string,
  id: string,
  { name, redirectUris }: { name?: string | undefined; redirectUris?: readonly string[] | undefined },
): Promise<RegisteredClient | undefined> {
  const row = await tx.one<ClientRow>(
    `update oauth_client set name = coalesce($3, name), redirect_uris = coalesce($4, redirect_uris)
     where tenant_id = $1 and id = $2 returning ${COLUMNS}`,
    [tenantId, id, name ?? null, redirectUris ?? null],
  );
  return row && viewOf(row);
}

export async function deleteClient(tx: Tx, tenantId: string, id: string): Promise<RegisteredClient | undefined> {
  const row = await tx.one<ClientRow>(
    `delete from oauth_client where tenant_id = $1 and id = $2 returning ${COLUMNS}`,
    [tenantId, id],
  );
  return row && viewOf(row);
}

const viewOf = (row: ClientRow): RegisteredClient => ({
  id: row.id,
  name: row.name,
  kind: row.kind,
  redirectUris: row.redirect_uris,
  createdAt: row.created_at.toISOString(),
});
