/** What an exchange reads: a credential with everything its context token will say. */
import type { Permission } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { GRANT_GONE } from '../oauth/postgres-grants.js';
import { besideProviders } from '../sign-in-policy/postgres-sign-in-policy.js';
import { standingRow, type StandingRow } from '../sign-ins/standing.js';
import type { PrincipalKind } from '../members/principal.entity.js';

export interface CredentialRow {
  readonly credential_id: string;
  readonly digest: Buffer;
  /** The key it is, or was opened with, and what that allows; without one it is worth the whole role. */
  readonly api_key_id: string | null;
  readonly scopes: Permission[] | null;
  /** The key, or the connection that it was opened through. */
  readonly root_id: string | null;
  readonly workspace_id: string;
  readonly principal_id: string;
  readonly principal_kind: PrincipalKind;
  readonly principal_name: string;
  readonly role: string;
  /** What it permits when it is one of the tenant's own. */
  readonly role_permissions: Permission[] | null;
  readonly owner: boolean;
  /** Whether the tenant is the operators' own. */
  readonly operators: boolean;
  readonly suspended: boolean;
  readonly requests_per_minute: number | null;
  /** The end of the key, and of the sign-in when it is one. */
  readonly expires_at: Date | null;
  /** The digest of the tenant's policies, and how often it changed them or its roles. */
  readonly policies: string | null;
  readonly changes: number | null;
  readonly allowed_addresses: string[] | null;
  readonly last_used_at: Date | null;
  /** Until when it has emergency access. */
  readonly emergency_until: Date | null;
  /** Of a sign-in alone: what was shown for it, and what could be. */
  readonly standing?: StandingRow;
  /** Revoked, ended, or of a disabled member. */
  readonly dead: boolean;
}

const holderOf = (credential: 'k' | 's' | 'g'): string => `
  join membership m on m.tenant_id = ${credential}.tenant_id and m.workspace_id = ${credential}.workspace_id
    and m.principal_id = ${credential}.principal_id
  join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id
  join tenant t on t.tenant_id = m.tenant_id
  left join policy_set y on y.tenant_id = m.tenant_id`;

const GONE = 'm.disabled_at is not null or p.disabled_at is not null';

const HELD = `k.id as api_key_id, k.scopes, k.allowed_addresses, m.workspace_id, m.role,
  (select r.permissions from role r where r.tenant_id = m.tenant_id and r.name = m.role) as role_permissions,
  y.digest as policies, y.version as changes,
  p.owner_since is not null as owner, t.operators, t.suspended_at is not null as suspended, (t.limits ->> 'requestsPerMinute')::int as requests_per_minute,
  p.id as principal_id, p.kind as principal_kind, p.name as principal_name`;

/** Runs as the system role, which may ask for nothing but the tenant of one exact id. */
export async function tenantOfApiKey(tx: Tx, id: string): Promise<string | undefined> {
  const row = await tx.one<{ tenant: string | null }>('select tenant_of_api_key($1) as tenant', [id]);
  return row?.tenant ?? undefined;
}

/** Runs as the system role, which may ask for nothing but the tenant of one exact digest. */
export async function tenantOfSignIn(tx: Tx, digest: Buffer): Promise<string | undefined> {
  const row = await tx.one<{ tenant: string | null }>('select tenant_of_sign_in($1) as tenant', [digest]);
  return row?.tenant ?? undefined;
}

export const apiKeyCredential = (tx: Tx, tenantId: string, id: string): Promise<CredentialRow | undefined> =>
  tx.one<CredentialRow>(
    `select ${HELD}, k.id as credential_id, k.id as root_id, k.digest, k.expires_at, k.last_used_at, null as emergency_until,
       k.revoked_at is not null or ${GONE} as dead
     from api_key k ${holderOf('k')} where k.tenant_id = $1 and k.id = $2`,
    [tenantId, id],
  );

/** A sign-in that was not used for `idleMs` has ended by itself. */
export const signInCredential = (
  tx: Tx,
  tenantId: string,
  { digest, idleMs }: { digest: Buffer; idleMs: number },
): Promise<CredentialRow | undefined> =>
  tx.one<CredentialRow>(
    `select ${HELD}, s.id as credential_id, coalesce(k.id, s.connection_id) as root_id, s.digest, least(k.expires_at, s.expires_at) as expires_at, s.last_used_at,
       (select max(g.ends_at) from break_glass g where g.tenant_id = s.tenant_id and g.sign_in_id = s.id
         and g.workspace_id = s.workspace_id and g.ended_at is null and g.ends_at > now()) as emergency_until,
       ${standingRow('s')} as standing,
       s.ended_at is not null or s.last_used_at < now() - $3 * interval '1 ms' or k.revoked_at is not null or ${GONE}
       or (s.connection_id is not null and not exists (select from connection c
         where c.tenant_id = s.tenant_id and c.id = s.connection_id and c.disabled_at is null))
       or (s.passkey_id is not null and not exists (select from passkey y
         where y.tenant_id = s.tenant_id and y.id = s.passkey_id))
       or ${besideProviders('s')} as dead
     from sign_in s left join api_key k on k.tenant_id = s.tenant_id and k.id = s.api_key_id ${holderOf('s')}
     where s.tenant_id = $1 and s.digest = $2`,
    [tenantId, digest, idleMs],
  );

/** What a person allowed a program, as far as it is theirs whom the token names. */
export const oauthCredential = (
  tx: Tx,
  tenantId: string,
  { grantId, principalId }: { readonly grantId: string; readonly principalId: string },
): Promise<
  | (Omit<CredentialRow, 'digest' | 'expires_at'> & { readonly granted: Permission[]; readonly proven_at: Date | null })
  | undefined
> =>
  tx.one(
    `select ${HELD}, g.id as credential_id, coalesce(k.id, g.connection_id) as root_id, g.scopes as granted, g.proven_at,
       g.last_used_at, null as emergency_until, ${GRANT_GONE} as dead
     from oauth_grant g left join api_key k on k.tenant_id = g.tenant_id and k.id = g.api_key_id ${holderOf('g')}
     where g.tenant_id = $1 and g.id = $2 and g.principal_id = $3`,
    [tenantId, grantId, principalId],
  );
