/** The SQL of what is known of a person besides the name. */
import type { RequestOf, auth } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import type { Caller } from './caller.js';

export async function insertPerson(
  tx: Tx,
  person: {
    readonly tenantId: string;
    readonly principalId: string;
    readonly email?: string | undefined;
    readonly verifiedBy?: string | undefined;
    readonly at: Date;
  },
): Promise<void> {
  await tx.query(
    'insert into person (tenant_id, principal_id, email, email_verified_by, created_at) values ($1, $2, $3, $4, $5)',
    [person.tenantId, person.principalId, person.email ?? null, person.verifiedBy ?? null, person.at],
  );
}

/** How others here know the person. */
export async function keepProfile(
  tx: Tx,
  tenantId: string,
  id: string,
  { name, email, locale }: { readonly name: string; readonly email: string | null; readonly locale: string | null },
): Promise<void> {
  await tx.query('update principal set name = $3 where tenant_id = $1 and id = $2', [tenantId, id, name]);
  await tx.query(
    `insert into person (tenant_id, principal_id, email, locale, created_at) values ($1, $2, $3, $4, now())
     on conflict (tenant_id, principal_id) do update set locale = excluded.locale, email = excluded.email,
       email_verified_by = case when person.email = excluded.email then person.email_verified_by end`,
    [tenantId, id, email, locale],
  );
}

/** What is left out stays. */
export async function changeProfile(
  tx: Tx,
  { tenantId, principalId }: Pick<Caller, 'tenantId' | 'principalId'>,
  wanted: RequestOf<typeof auth.changeMe>,
): Promise<void> {
  const { name, locale, timeZone, theme } = wanted;
  if (name !== undefined)
    await tx.query('update principal set name = $3 where tenant_id = $1 and id = $2', [tenantId, principalId, name]);
  await tx.query(
    `insert into person (tenant_id, principal_id, locale, time_zone, theme, created_at) values ($1, $2, $3, $4, $5, now())
     on conflict (tenant_id, principal_id) do update set locale = coalesce(excluded.locale, person.locale),
       time_zone = coalesce(excluded.time_zone, person.time_zone), theme = coalesce(excluded.theme, person.theme)`,
    [tenantId, principalId, locale ?? null, timeZone ?? null, theme ?? null],
  );
}

/** Nobody vouches for the person's address any more. */
export async function doubtEmail(tx: Tx, tenantId: string, principalId: string): Promise<void> {
  await tx.query('update person set email_verified_by = null where tenant_id = $1 and principal_id = $2', [
    ...[tenantId, principalId],
  ]);
}

/** Whether somebody of the tenant has the address, verified or not, a member or one that was. */
export async function isKnownEmail(tx: Tx, tenantId: string, email: string): Promise<boolean> {
  const row = await tx.one(
    `select 1 from person where tenant_id = $1 and lower(email) = lower($2)
     union all select 1 from scim_user where tenant_id = $1 and lower(user_name) = lower($2) limit 1`,
    [tenantId, email],
  );
  return row !== undefined;
}

/** The one person a verified address belongs to; undefined when there is none, or more than one. */
export async function personOfEmail(tx: Tx, tenantId: string, email: string): Promise<string | undefined> {
  const rows = await tx.query<{ principal_id: string }>(
    `select e.principal_id from person e join principal p on p.tenant_id = e.tenant_id and p.id = e.principal_id
     where e.tenant_id = $1 and lower(e.email) = lower($2) and e.email_verified_by is not null
       and p.kind = 'user' and p.disabled_at is null limit 2`,
    [tenantId, email],
  );
  return rows.length === 1 ? rows[0]!.principal_id : undefined;
}
