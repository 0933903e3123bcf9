import type { Statements, Tx } from '@conclave/postgres-kit';
import type { WrappedKey } from './key-encryption.js';

/** A data key that was not destroyed. */
export interface DataKeyRow extends WrappedKey {
  readonly id: string;
  readonly purpose: string;
}

const COLUMNS = 'id, purpose, key_id as "keyId", wrapped';

/** The key that what is sealed now is sealed under. */
export async function dataKeyInUse(db: Statements, tenantId: string, purpose: string): Promise<DataKeyRow | undefined> {
  return db.one<DataKeyRow>(
    `select ${COLUMNS} from data_key where tenant_id = $1 and purpose = $2 and destroyed_at is null`,
    [tenantId, purpose],
  );
}

export async function dataKey(db: Statements, tenantId: string, id: string): Promise<DataKeyRow | undefined> {
  return db.one<DataKeyRow>(
    `select ${COLUMNS} from data_key where tenant_id = $1 and id = $2 and destroyed_at is null`,
    [tenantId, id],
  );
}

/** False when the purpose has a key already. */
export async function insertDataKey(tx: Tx, tenantId: string, key: DataKeyRow): Promise<boolean> {
  const rows = await tx.query(
    `insert into data_key (tenant_id, id, purpose, key_id, wrapped, created_at) values ($1, $2, $3, $4, $5, now())
     on conflict (tenant_id, purpose) where destroyed_at is null do nothing returning id`,
    [tenantId, key.id, key.purpose, key.keyId, key.wrapped],
  );
  return rows.length > 0;
}

/** Whether the key is there, and will be until the transaction ends. */
export async function holdDataKey(tx: Tx, tenantId: string, id: string): Promise<boolean> {
  const row = await tx.one(
    'select id from data_key where tenant_id = $1 and id = $2 and destroyed_at is null for key share',
    [tenantId, id],
  );
  return row !== undefined;
}

/** False when the key was wrapped anew or destroyed meanwhile. */
export async function replaceWrapping(tx: Tx, tenantId: string, before: DataKeyRow, after: WrappedKey) {
  const rows = await tx.query(
    `update data_key set key_id = $4, wrapped = $5
     where tenant_id = $1 and id = $2 and wrapped = $3 and destroyed_at is null returning id`,
    [tenantId, before.id, before.wrapped, after.keyId, after.wrapped],
  );
  return rows.length > 0;
}

/** Ends the tenant's keys, of one purpose or of all. */
export async function destroyDataKeys(
  tx: Tx,
  tenantId: string,
  purpose: string | undefined,
): Promise<{ readonly id: string; readonly purpose: string }[]> {
  const where = `tenant_id = $1 and ($2::text is null or purpose = $2) and destroyed_at is null`;
  // An update alone would not wait for those who hold the key.
  await tx.query(`select id from data_key where ${where} order by id for update`, [tenantId, purpose ?? null]);
  return tx.query(
    `update data_key set key_id = null, wrapped = null, destroyed_at = now() where ${where} returning id, purpose`,
    [tenantId, purpose ?? null],
  );
}

/** Keys of all tenants that another key than this one wraps, from a place on. */
export async function wrappedOtherwise(
  tx: Tx,
  current: string,
  after: { readonly tenantId: string; readonly id: string },
  limit: number,
): Promise<{ readonly tenantId: string; readonly id: string }[]> {
  return tx.query(
    `select tenant_id as "tenantId", id from data_key where key_id <> $1 and (tenant_id, id) > ($2, $3)
     order by tenant_id, id limit $4`,
    [current, after.tenantId, after.id, limit],
  );
}
