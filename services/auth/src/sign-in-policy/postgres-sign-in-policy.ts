import { ConclaveError } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';

export interface SignInPolicyRow {
  readonly providersOnly: boolean;
  readonly exempt: string[];
  readonly changedAt: Date;
  readonly changedBy: string;
}

const POLICY = `select providers_only as "providersOnly", exempt, changed_at as "changedAt", changed_by as "changedBy"
  from sign_in_policy where tenant_id = $1`;

export const signInPolicyOf = (db: Statements, tenantId: string): Promise<SignInPolicyRow | undefined> =>
  db.one<SignInPolicyRow>(POLICY, [tenantId]);

/** The policy, which nobody changes until the transaction ends; nor does anybody else who asks so. */
export const lockSignInPolicy = (tx: Tx, tenantId: string): Promise<SignInPolicyRow | undefined> =>
  tx.one<SignInPolicyRow>(`${POLICY} for update`, [tenantId]);

export async function putSignInPolicy(tx: Tx, tenantId: string, row: SignInPolicyRow): Promise<void> {
  await tx.query(
    `insert into sign_in_policy (tenant_id, providers_only, exempt, changed_at, changed_by) values ($1, $2, $3, $4, $5)
     on conflict (tenant_id) do update set providers_only = excluded.providers_only, exempt = excluded.exempt,
       changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
    [tenantId, row.providersOnly, row.exempt, row.changedAt, row.changedBy],
  );
}

/**
 * Whether a sign-in or a grant was opened beside the providers of a tenant that lets people in through them only: an SQL
 * expression over its row. Exempt is who is named and owns the tenant today, and with a passkey, not a key.
 */
export const besideProviders = (row: 's' | 'g'): string => `(${row}.connection_id is null
  and exists (select from sign_in_policy sip where sip.tenant_id = ${row}.tenant_id and sip.providers_only
    and (${row}.api_key_id is not null or not exists (select from principal o
      where o.tenant_id = ${row}.tenant_id and o.id = ${row}.principal_id and o.id = any (sip.exempt)
        and o.owner_since is not null))))`;

/** How somebody means to come in: with a passkey or a link unless told. */
export interface WayIn {
  readonly principalId: string;
  readonly connectionId?: string | undefined;
  readonly apiKeyId?: string | undefined;
}

/** @throws ConclaveError `auth.sign-in.providers-only` */
export async function refuseBesideProviders(
  tx: Tx,
  tenantId: string,
  { principalId, connectionId, apiKeyId }: WayIn,
): Promise<void> {
  const row = await tx.one(
    `select 1 from (select $1::text as tenant_id, $2::text as principal_id, $3::text as connection_id,
       $4::text as api_key_id) s where ${besideProviders('s')}`,
    [tenantId, principalId, connectionId ?? null, apiKeyId ?? null],
  );
  if (row) throw new ConclaveError('auth.sign-in.providers-only');
}

/**
 * Called with the connection locked that is about to let nobody in any more.
 *
 * @throws ConclaveError `auth.connection.last` when it is the last way in that the tenant left
 */
export async function refuseLastWayIn(tx: Tx, tenantId: string, connectionId: string): Promise<void> {
  const policy = await lockSignInPolicy(tx, tenantId);
  if (!policy?.providersOnly) return;
  const another = await tx.one(
    'select 1 from connection where tenant_id = $1 and id <> $2 and disabled_at is null limit 1',
    [tenantId, connectionId],
  );
  if (!another) throw new ConclaveError('auth.connection.last', { id: connectionId });
}

/** Which of these are people who own the tenant and have a passkey. */
export async function ownersWithPasskey(tx: Tx, tenantId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select p.id from principal p where p.tenant_id = $1 and p.id = any ($2) and p.kind = 'user'
       and p.disabled_at is null and p.owner_since is not null
       and exists (select from passkey k where k.tenant_id = p.tenant_id and k.principal_id = p.id)`,
    [tenantId, ids],
  );
  return rows.map(({ id }) => id);
}

/** People at work in the tenant whom no open connection knows, and who are not exempt. */
export async function peopleUnknownToProviders(
  db: Statements,
  tenantId: string,
  exempt: readonly string[],
): Promise<number> {
  const row = await db.one<{ people: number }>(
    `select count(*)::int as people from principal p
     where p.tenant_id = $1 and p.kind = 'user' and p.disabled_at is null and p.id <> all ($2)
       and exists (select from membership where tenant_id = $1 and principal_id = p.id and disabled_at is null)
       and not exists (select from external_identity i join connection c on c.tenant_id = i.tenant_id
         and c.id = i.connection_id and c.disabled_at is null where i.tenant_id = $1 and i.principal_id = p.id)`,
    [tenantId, exempt],
  );
  return row?.people ?? 0;
}
