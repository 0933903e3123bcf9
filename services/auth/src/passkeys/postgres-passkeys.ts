import type { ReplyOf, passkeys } from '@conclave/contracts';
import { pageOf, type Database, type Statements, type Tx } from '@conclave/postgres-kit';

/** A passkey as its owner sees it. */
export type Passkey = ReplyOf<typeof passkeys.addPasskey>;

export interface PasskeyRow {
  readonly id: string;
  readonly principal_id: string;
  readonly name: string;
  readonly credential_id: Buffer;
  readonly public_key: Buffer;
  /** A bigint, which comes as text. */
  readonly counter: string;
  readonly transports: string[];
  readonly created_at: Date;
  readonly last_used_at: Date | null;
}

export interface NewPasskey {
  readonly tenantId: string;
  readonly id: string;
  readonly principalId: string;
  readonly name: string;
  readonly credentialId: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly counter: number;
  readonly transports: readonly string[];
  readonly createdAt: Date;
}

export async function insertPasskey(tx: Tx, key: NewPasskey): Promise<void> {
  await tx.query(
    `insert into passkey (tenant_id, id, principal_id, name, credential_id, public_key, counter, transports, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[key.tenantId, key.id, key.principalId, key.name, Buffer.from(key.credentialId), Buffer.from(key.publicKey)],
      ...[key.counter, key.transports, key.createdAt],
    ],
  );
}

/** Runs as the system role, which may ask for nothing but the tenant of one exact credential. */
export async function tenantOfPasskey(tx: Tx, credentialId: Buffer): Promise<string | undefined> {
  const row = await tx.one<{ tenant: string | null }>('select tenant_of_passkey($1) as tenant', [credentialId]);
  return row?.tenant ?? undefined;
}

/** The passkey of a credential, locked until the transaction ends. */
export const lockCredential = (tx: Tx, tenantId: string, credentialId: Buffer): Promise<PasskeyRow | undefined> =>
  tx.one<PasskeyRow>('select * from passkey where tenant_id = $1 and credential_id = $2 for update', [
    tenantId,
    credentialId,
  ]);

export interface WhosePasskey {
  readonly tenantId: string;
  readonly principalId: string;
}

export const passkeysOf = (db: Statements, { tenantId, principalId }: WhosePasskey): Promise<PasskeyRow[]> =>
  db.query<PasskeyRow>('select * from passkey where tenant_id = $1 and principal_id = $2 order by id', [
    tenantId,
    principalId,
  ]);

/** A principal's passkeys, newest first. */
export async function pageOfPasskeys(
  db: Statements,
  { tenantId, principalId }: WhosePasskey,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Passkey[]; next?: string }> {
  const rows = await db.query<PasskeyRow>(
    `select * from passkey where tenant_id = $1 and principal_id = $2 and ($3::text is null or id < $3)
     order by id desc limit $4`,
    [tenantId, principalId, after ?? null, limit + 1],
  );
  return pageOf(rows.map(viewOf), limit);
}

export async function usedPasskey(
  tx: Tx,
  { tenantId, id, counter, at }: { tenantId: string; id: string; counter: number; at: Date },
): Promise<void> {
  await tx.query('update passkey set counter = $3, last_used_at = $4 where tenant_id = $1 and id = $2', [
    tenantId,
    id,
    counter,
    at,
  ]);
}

export async function updatePasskeyName(
  tx: Tx,
  { tenantId, principalId }: WhosePasskey,
  { id, name }: { id: string; name: string },
): Promise<Passkey | undefined> {
  const [row] = await tx.query<PasskeyRow>(
    'update passkey set name = $4 where tenant_id = $1 and principal_id = $2 and id = $3 returning *',
    [tenantId, principalId, id, name],
  );
  return row && viewOf(row);
}

export async function deletePasskey(
  tx: Tx,
  { tenantId, principalId }: WhosePasskey,
  id: string,
): Promise<Passkey | undefined> {
  const [row] = await tx.query<PasskeyRow>(
    'delete from passkey where tenant_id = $1 and principal_id = $2 and id = $3 returning *',
    [tenantId, principalId, id],
  );
  return row && viewOf(row);
}

/** False when it is there already. */
export async function insertSpentChallenge(
  tx: Tx,
  { tenantId, digest, expiresAt }: { tenantId: string; digest: Buffer; expiresAt: Date },
): Promise<boolean> {
  const rows = await tx.query(
    'insert into spent_challenge (tenant_id, digest, expires_at) values ($1, $2, $3) on conflict do nothing returning 1',
    [tenantId, digest, expiresAt],
  );
  return rows.length === 1;
}

/** Forgets answered challenges that have run out; a function of the database decides which. */
export async function sweepChallenges(db: Database): Promise<void> {
  await db.system((tx) => tx.query('select sweep_challenges()'));
}

export const viewOf = (row: PasskeyRow): Passkey => ({
  id: row.id,
  name: row.name,
  createdAt: row.created_at.toISOString(),
  ...(row.last_used_at ? { lastUsedAt: row.last_used_at.toISOString() } : {}),
});
