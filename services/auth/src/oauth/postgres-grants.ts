import { mfa, type Permission, type ReplyOf, type oauth } from '@conclave/contracts';
import { pageOf, type Database, type Statements, type Tx } from '@conclave/postgres-kit';
import type { Payload } from './postgres-oauth-requests.js';
import { besideProviders } from '../sign-in-policy/postgres-sign-in-policy.js';
import { CLI_CLIENT } from './clients.js';

/** A grant as the person who gave it sees it. */
export type Grant = ReplyOf<typeof oauth.revokeGrant>;

/** Open grants that something ends together. */
export type WhichGrants =
  | { readonly id: string }
  | { readonly signInIds: readonly string[] }
  | { readonly clientId: string }
  | { readonly connectionId: string; readonly principalId?: string }
  | { readonly apiKeyId: string }
  | { readonly passkeyId: string }
  | { readonly principalId: string; readonly workspaceId?: string };

export interface NewGrant {
  readonly tenantId: string;
  readonly id: string;
  readonly clientId: string;
  readonly workspaceId: string;
  readonly principalId: string;
  readonly signInId: string;
  /** When the person last proved who they are, in milliseconds since the epoch. */
  readonly provenAt: number;
  readonly scopes: readonly Permission[];
  readonly resource: string;
  readonly lifetimeS: number;
}

/** What a grant is to the protocol, while it stands. */
export interface StandingGrant {
  readonly id: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly workspaceId: string;
  readonly principalId: string;
  readonly scopes: readonly Permission[];
  readonly resource: string;
  readonly provenAt: Date | null;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** Runs as the system role, which may ask for nothing but the tenant of one exact id. */
export async function tenantOfGrant(tx: Tx, id: string): Promise<string | undefined> {
  const row = await tx.one<{ tenant: string | null }>('select tenant_of_oauth_grant($1) as tenant', [id]);
  return row?.tenant ?? undefined;
}

/** Runs as the system role, which may ask for nothing but the tenant of one exact digest. */
export async function tenantOfToken(tx: Tx, digest: Buffer): Promise<string | undefined> {
  const row = await tx.one<{ tenant: string | null }>('select tenant_of_oauth_token($1) as tenant', [digest]);
  return row?.tenant ?? undefined;
}

/** With what the sign-in that gave it was opened with. */
export async function insertGrant(tx: Tx, grant: NewGrant): Promise<void> {
  await tx.query(
    `insert into oauth_grant (tenant_id, id, client_id, workspace_id, principal_id, sign_in_id, api_key_id, connection_id,
       passkey_id, provider_subject, provider_session, strong, scopes, resource, proven_at, created_at, expires_at)
     select $1, $2, $3, $4, $5, s.id, s.api_key_id, s.connection_id, s.passkey_id, s.provider_subject, s.provider_session,
       s.factors && $10, $7, $8, to_timestamp($11::float8 / 1000), now(), now() + $9 * interval '1 s'
     from sign_in s where s.tenant_id = $1 and s.id = $6`,
    [
      ...[grant.tenantId, grant.id, grant.clientId, grant.workspaceId, grant.principalId, grant.signInId],
      ...[grant.scopes, grant.resource, grant.lifetimeS, mfa.strongFactors, grant.provenAt],
    ],
  );
}

/** Why a grant that nobody revoked is worth nothing, as SQL over `g`, `m` and `p`. */
export const GRANT_GONE = `g.revoked_at is not null or g.expires_at <= now() or m.disabled_at is not null or p.disabled_at is not null
  or exists (select from api_key y where y.tenant_id = g.tenant_id and y.id = g.api_key_id
    and (y.revoked_at is not null or y.expires_at <= now()))
  or (g.connection_id is not null and not exists (select from connection c
    where c.tenant_id = g.tenant_id and c.id = g.connection_id and c.disabled_at is null))
  or (g.passkey_id is not null and not exists (select from passkey y
    where y.tenant_id = g.tenant_id and y.id = g.passkey_id))
  or (not g.strong and (exists (select from mfa_policy y where y.tenant_id = g.tenant_id and y.required)
    or exists (select from totp y where y.tenant_id = g.tenant_id and y.principal_id = g.principal_id
      and y.confirmed_at is not null)))
  or ${besideProviders('g')}`;

/** The grant, unless it is over for whatever reason. */
export const standingGrant = (db: Statements, tenantId: string, id: string): Promise<StandingGrant | undefined> =>
  db.one<StandingGrant>(
    `select g.id, g.tenant_id as "tenantId", g.client_id as "clientId", g.workspace_id as "workspaceId",
       g.principal_id as "principalId", g.scopes, g.resource, g.proven_at as "provenAt",
       g.created_at as "createdAt", g.expires_at as "expiresAt"
     from oauth_grant g
     join membership m on m.tenant_id = g.tenant_id and m.workspace_id = g.workspace_id and m.principal_id = g.principal_id
     join principal p on p.tenant_id = g.tenant_id and p.id = g.principal_id
     where g.tenant_id = $1 and g.id = $2 and not (${GRANT_GONE})`,
    [tenantId, id],
  );

interface GrantRow {
  readonly id: string;
  readonly client_id: string;
  readonly client_name: string | null;
  readonly workspace_id: string;
  readonly principal_id: string;
  readonly scopes: Permission[];
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly last_used_at: Date | null;
}

const GRANT = `select g.id, g.client_id, c.name as client_name, g.workspace_id, g.principal_id, g.scopes, g.created_at,
    g.expires_at, g.last_used_at
  from oauth_grant g left join oauth_client c on c.tenant_id = g.tenant_id and c.id = g.client_id`;

/** The person's own that stand, newest first. */
export async function pageOfGrants(
  db: Statements,
  { tenantId, principalId }: { tenantId: string; principalId: string },
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Grant[]; next?: string }> {
  const rows = await db.query<GrantRow>(
    `${GRANT} where g.tenant_id = $1 and g.principal_id = $2 and g.revoked_at is null and g.expires_at > now()
     and ($3::text is null or g.id < $3) order by g.id desc limit $4`,
    [tenantId, principalId, after ?? null, limit + 1],
  );
  return pageOf(rows.map(viewOf), limit);
}

export async function ownGrant(
  tx: Tx,
  { tenantId, principalId }: { tenantId: string; principalId: string },
  id: string,
): Promise<Grant | undefined> {
  const row = await tx.one<GrantRow>(
    `${GRANT} where g.tenant_id = $1 and g.principal_id = $2 and g.id = $3 and g.revoked_at is null for update of g`,
    [tenantId, principalId, id],
  );
  return row && viewOf(row);
}

export interface EndedGrant {
  readonly id: string;
  readonly client: string;
  readonly principal: string;
  readonly workspace: string;
}

/** Marks what is left of these grants as revoked. @returns them */
export function markGrantsRevoked(tx: Tx, tenantId: string, which: WhichGrants, at: Date): Promise<EndedGrant[]> {
  const none = { id: null, signInIds: null, clientId: null, principalId: null, workspaceId: null };
  const of = { ...none, connectionId: null, apiKeyId: null, passkeyId: null, ...which };
  return tx.query(
    `update oauth_grant set revoked_at = $2 where tenant_id = $1 and revoked_at is null
       and ($3::text is null or id = $3) and ($4::text[] is null or sign_in_id = any ($4))
       and ($5::text is null or client_id = $5)
       and ($6::text is null or principal_id = $6) and ($7::text is null or workspace_id = $7)
       and ($8::text is null or connection_id = $8) and ($9::text is null or api_key_id = $9)
       and ($10::text is null or passkey_id = $10)
     returning id, client_id as client, principal_id as principal, workspace_id as workspace`,
    [
      ...[tenantId, at, of.id, of.signInIds, of.clientId, of.principalId, of.workspaceId],
      ...[of.connectionId, of.apiKeyId, of.passkeyId],
    ],
  );
}

/** Hands the grants of a sign-in on to the one that takes its place. */
export async function moveGrants(tx: Tx, tenantId: string, from: string, to: string): Promise<void> {
  await tx.query(
    'update oauth_grant set sign_in_id = $3 where tenant_id = $1 and sign_in_id = $2 and revoked_at is null',
    [tenantId, from, to],
  );
}

export async function touchGrant(tx: Tx, tenantId: string, id: string, at: Date): Promise<void> {
  await tx.query('update oauth_grant set last_used_at = $3 where tenant_id = $1 and id = $2', [tenantId, id, at]);
}

export type TokenKind = 'code' | 'refresh';

/** Keeps a token unless its grant is over. @returns whether it did */
export async function insertToken(
  tx: Tx,
  tenantId: string,
  token: { readonly digest: Buffer; readonly kind: TokenKind; readonly grantId: string; readonly payload: Payload },
  lifetimeS: number,
): Promise<boolean> {
  const rows = await tx.query(
    `insert into oauth_token (tenant_id, digest, kind, grant_id, payload, created_at, expires_at)
     select $1, $2, $3, g.id, $5, now(), now() + $6 * interval '1 s' from oauth_grant g
     where g.tenant_id = $1 and g.id = $4 and g.revoked_at is null for share returning 1 as done`,
    [tenantId, token.digest, token.kind, token.grantId, JSON.stringify(token.payload), lifetimeS],
  );
  return rows.length > 0;
}

/** A token, used up or not, whose grant stands. */
export async function findToken(
  db: Statements,
  tenantId: string,
  kind: TokenKind,
  digest: Buffer,
): Promise<Payload | undefined> {
  const row = await db.one<{ payload: Payload; consumed_at: Date | null }>(
    `select t.payload, t.consumed_at from oauth_token t
     join oauth_grant g on g.tenant_id = t.tenant_id and g.id = t.grant_id
     where t.tenant_id = $1 and t.kind = $2 and t.digest = $3 and g.revoked_at is null`,
    [tenantId, kind, digest],
  );
  if (!row) return undefined;
  const { payload, consumed_at: at } = row;
  return { ...payload, ...(at ? { consumed: Math.floor(at.getTime() / 1_000) } : {}) };
}

/** Uses a token up, which one can do. @returns whether it was this one; the grant behind it, if there is one */
export async function consumeToken(
  tx: Tx,
  tenantId: string,
  digest: Buffer,
): Promise<{ readonly first: boolean; readonly grantId: string } | undefined> {
  const row = await tx.one<{ grant_id: string }>(
    `update oauth_token set consumed_at = now() where tenant_id = $1 and digest = $2 and consumed_at is null
     returning grant_id`,
    [tenantId, digest],
  );
  if (row) return { first: true, grantId: row.grant_id };
  const used = await tx.one<{ grant_id: string }>(
    'select grant_id from oauth_token where tenant_id = $1 and digest = $2',
    [tenantId, digest],
  );
  return used && { first: false, grantId: used.grant_id };
}

/** Forgets what is of no use any more; a function of the database decides which. */
export async function sweepOauth(db: Database): Promise<void> {
  await db.system((tx) => tx.query('select sweep_oauth()'));
}

const viewOf = (row: GrantRow): Grant => ({
  id: row.id,
  client: {
    id: row.client_id,
    name: row.client_name ?? nameOf(row.client_id),
    builtIn: row.client_id === CLI_CLIENT.id,
  },
  workspace: row.workspace_id,
  scopes: row.scopes,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at.toISOString(),
  ...(row.last_used_at ? { lastUsedAt: row.last_used_at.toISOString() } : {}),
});

const nameOf = (clientId: string): string => (clientId === CLI_CLIENT.id ? CLI_CLIENT.name : clientId);
