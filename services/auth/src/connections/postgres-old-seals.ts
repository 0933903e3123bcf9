import type { Statements, Tx } from '@conclave/postgres-kit';
import type { SecretKind } from './connection-secrets.js';

/** What is sealed, and names no data key. */
export interface OldSeal {
  readonly kind: SecretKind;
  readonly table: string;
  readonly column: string;
  readonly idColumn: string;
  readonly id: string;
  readonly connectionId: string;
  readonly sealed: string;
}

const PLACES: readonly Pick<OldSeal, 'kind' | 'table' | 'column' | 'idColumn'>[] = [
  { kind: 'connection', table: 'connection', column: 'secret_sealed', idColumn: 'id' },
  { kind: 'connection', table: 'connection', column: 'standby_sealed', idColumn: 'id' },
  { kind: 'directory', table: 'directory', column: 'secret_sealed', idColumn: 'connection_id' },
  { kind: 'connection-sign-in', table: 'sign_in', column: 'provider_sealed', idColumn: 'id' },
];

/** What of a tenant is still sealed as before, some of it. */
export async function oldSeals(db: Statements, tenantId: string, limit: number): Promise<OldSeal[]> {
  const parts = PLACES.map(({ kind, table, column, idColumn }) => {
    const connection = table === 'connection' ? 'id' : 'connection_id';
    return `select '${kind}' as kind, '${table}' as "table", '${column}' as "column", '${idColumn}' as "idColumn",
      ${idColumn} as id, ${connection} as "connectionId", ${column} as sealed
      from ${table} where tenant_id = $1 and position(':' in ${column}) = 0`;
  });
  return db.query<OldSeal>(`${parts.join(' union all ')} limit $2`, [tenantId, limit]);
}

/** False when it was written anew meanwhile. */
export async function replaceSeal(tx: Tx, tenantId: string, old: OldSeal, sealed: string): Promise<boolean> {
  const { table, column, idColumn } = old;
  const rows = await tx.query(
    `update ${table} set ${column} = $3 where tenant_id = $1 and ${idColumn} = $2 and ${column} = $4 returning 1`,
    [tenantId, old.id, sealed, old.sealed],
  );
  return rows.length > 0;
}
