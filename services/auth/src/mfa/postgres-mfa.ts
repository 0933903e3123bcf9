import type { Statements, Tx } from '@conclave/postgres-kit';

/** A person of a tenant. */
export interface Whose {
  readonly tenantId: string;
  readonly principalId: string;
}

/** An authenticator app. */
export interface TotpRow {
  readonly id: string;
  readonly dataKeyId: string;
  readonly sealed: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
}

const TOTP = `id, data_key_id as "dataKeyId", sealed, created_at as "createdAt", last_used_at as "lastUsedAt"`;
const OF_PERSON = 'tenant_id = $1 and principal_id = $2';

/** The app in use, or the one that is on its way since `since` at the earliest. */
export async function totpOf(
  db: Statements,
  { tenantId, principalId }: Whose,
  which: { readonly onItsWaySince: Date } | 'in-use' = 'in-use',
): Promise<TotpRow | undefined> {
  if (which === 'in-use')
    return db.one<TotpRow>(`select ${TOTP} from totp where ${OF_PERSON} and confirmed_at is not null`, [
      tenantId,
      principalId,
    ]);
  return db.one<TotpRow>(`select ${TOTP} from totp where ${OF_PERSON} and confirmed_at is null and created_at > $3`, [
    ...[tenantId, principalId, which.onItsWaySince],
  ]);
}

/** Puts an app on its way, in place of another that was. */
export async function insertTotp(
  tx: Tx,
  { tenantId, principalId }: Whose,
  app: Omit<TotpRow, 'lastUsedAt'>,
): Promise<void> {
  await tx.query(
    `insert into totp (tenant_id, principal_id, id, data_key_id, sealed, created_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (tenant_id, principal_id) where confirmed_at is null do update
     set id = excluded.id, data_key_id = excluded.data_key_id, sealed = excluded.sealed, created_at = excluded.created_at`,
    [tenantId, principalId, app.id, app.dataKeyId, app.sealed, app.createdAt],
  );
}

/** False when it is no longer the one on its way. */
export async function confirmTotp(
  tx: Tx,
  { tenantId, principalId }: Whose,
  { id, step, at }: { readonly id: string; readonly step: number; readonly at: Date },
): Promise<boolean> {
  const whose = [tenantId, principalId];
  const there = `${OF_PERSON} and id = $3 and confirmed_at is null`;
  if (!(await tx.one(`select id from totp where ${there} for update`, [...whose, id]))) return false;
  await tx.query(`delete from totp where ${OF_PERSON} and confirmed_at is not null`, whose);
  await tx.query(`update totp set confirmed_at = $4, last_used_at = $4, last_step = $5 where ${there}`, [
    ...[...whose, id, at, step],
  ]);
  return true;
}

/** Takes a step's code; false when that one or a later one was taken before. */
export async function takeStep(
  tx: Tx,
  tenantId: string,
  { id, step, at }: { readonly id: string; readonly step: number; readonly at: Date },
): Promise<boolean> {
  const rows = await tx.query(
    `update totp set last_step = $3, last_used_at = $4
     where tenant_id = $1 and id = $2 and confirmed_at is not null and last_step < $3 returning id`,
    [tenantId, id, step, at],
  );
  return rows.length === 1;
}

/** With the one on its way. @returns the app that was in use */
export async function deleteTotp(tx: Tx, { tenantId, principalId }: Whose): Promise<TotpRow | undefined> {
  const rows = await tx.query<TotpRow & { used: boolean }>(
    `delete from totp where ${OF_PERSON} returning ${TOTP}, confirmed_at is not null as used`,
    [tenantId, principalId],
  );
  return rows.find(({ used }) => used);
}

export async function insertRecoveryCodes(
  tx: Tx,
  { tenantId, principalId }: Whose,
  digests: readonly Buffer[],
  at: Date,
): Promise<void> {
  await tx.query(
    `insert into recovery_code (tenant_id, principal_id, digest, created_at) select $1, $2, unnest($3::bytea[]), $4`,
    [tenantId, principalId, digests, at],
  );
}

export async function deleteRecoveryCodes(tx: Tx, { tenantId, principalId }: Whose): Promise<void> {
  await tx.query(`delete from recovery_code where ${OF_PERSON}`, [tenantId, principalId]);
}

/** False when there is no such code, or it was used. */
export async function takeRecoveryCode(tx: Tx, whose: Whose, digest: Buffer, at: Date): Promise<boolean> {
  const rows = await tx.query(
    `update recovery_code set used_at = $4 where ${OF_PERSON} and digest = $3 and used_at is null returning 1`,
    [whose.tenantId, whose.principalId, digest, at],
  );
  return rows.length === 1;
}

export async function recoveryCodesLeft(db: Statements, { tenantId, principalId }: Whose): Promise<number> {
  const row = await db.one<{ left: number }>(
    `select count(*)::int as left from recovery_code where ${OF_PERSON} and used_at is null`,
    [tenantId, principalId],
  );
  return row?.left ?? 0;
}

export interface Failures {
  readonly failures: number;
  readonly lockedUntil: Date | null;
}

/** Wrong codes in a row so far; whoever else guesses for this person waits until the transaction ends. */
export async function lockFailures(tx: Tx, { tenantId, principalId }: Whose): Promise<Failures> {
  await tx.query(
    `insert into second_factor_failure (tenant_id, principal_id, failures) values ($1, $2, 0) on conflict do nothing`,
    [tenantId, principalId],
  );
  const row = await tx.one<Failures>(
    `select failures, locked_until as "lockedUntil" from second_factor_failure where ${OF_PERSON} for update`,
    [tenantId, principalId],
  );
  return row!;
}

export async function updateFailures(
  tx: Tx,
  { tenantId, principalId }: Whose,
  { failures, lockedUntil }: Failures,
): Promise<void> {
  await tx.query(`update second_factor_failure set failures = $3, locked_until = $4 where ${OF_PERSON}`, [
    ...[tenantId, principalId, failures, lockedUntil],
  ]);
}

export async function forgetFailures(tx: Tx, { tenantId, principalId }: Whose): Promise<void> {
  await tx.query(`delete from second_factor_failure where ${OF_PERSON}`, [tenantId, principalId]);
}

export interface MfaPolicyRow {
  readonly required: boolean;
  readonly changedAt: Date;
  readonly changedBy: string;
}

export async function mfaPolicyOf(db: Statements, tenantId: string): Promise<MfaPolicyRow | undefined> {
  return db.one<MfaPolicyRow>(
    `select required, changed_at as "changedAt", changed_by as "changedBy" from mfa_policy where tenant_id = $1`,
    [tenantId],
  );
}

/** People at work in the tenant who have no second factor of their own. */
export async function peopleWithout(db: Statements, tenantId: string): Promise<number> {
  const row = await db.one<{ people: number }>(
    `select count(*)::int as people from principal p
     where p.tenant_id = $1 and p.kind = 'user' and p.disabled_at is null
       and exists (select from membership where tenant_id = $1 and principal_id = p.id and disabled_at is null)
       and not exists (select from passkey where tenant_id = $1 and principal_id = p.id)
       and not exists (select from totp where tenant_id = $1 and principal_id = p.id and confirmed_at is not null)`,
    [tenantId],
  );
  return row?.people ?? 0;
}

export async function putMfaPolicy(tx: Tx, tenantId: string, row: MfaPolicyRow): Promise<void> {
  await tx.query(
    `insert into mfa_policy (tenant_id, required, changed_at, changed_by) values ($1, $2, $3, $4)
     on conflict (tenant_id) do update
     set required = excluded.required, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
    [tenantId, row.required, row.changedAt, row.changedBy],
  );
}

/** Whoever else changes what this person proves themselves with waits until the transaction ends. */
export async function lockPerson(tx: Tx, { tenantId, principalId }: Whose): Promise<void> {
  await tx.query('select id from principal where tenant_id = $1 and id = $2 for no key update', [
    tenantId,
    principalId,
  ]);
}
