/** Webhooks that want every entry. A stream's next index moves in the transaction that hands the entries over. */
import type { Database, Tx } from '@conclave/postgres-kit';
import type { EntryFormat } from './formats/write-line.js';

export async function openStream(
  tx: Tx,
  tenantId: string,
  stream: { readonly webhook: string; readonly format: string; readonly from: number | undefined },
): Promise<void> {
  await tx.query(
    `insert into stream (tenant_id, webhook_id, format, next_idx)
     values ($1, $2, $3, coalesce($4::bigint + coalesce((select (number - 1)::bigint << 40 from log where tenant_id = $1), 0),
       (select max(idx) + 1 from entry where tenant_id = $1), 0)) on conflict do nothing`,
    [tenantId, stream.webhook, stream.format, stream.from ?? null],
  );
}

export async function closeStream(tx: Tx, tenantId: string, webhook: string): Promise<void> {
  await tx.query('delete from stream where tenant_id = $1 and webhook_id = $2', [tenantId, webhook]);
}

/** Streams of the tenant, unless another replica is at work on them. */
export async function takeStreams(
  tx: Tx,
  tenantId: string,
): Promise<{ readonly webhook: string; readonly format: EntryFormat; readonly nextRow: number }[]> {
  const rows = await tx.query<{ webhook_id: string; format: EntryFormat; next_idx: string }>(
    'select webhook_id, format, next_idx from stream where tenant_id = $1 order by webhook_id for update skip locked',
    [tenantId],
  );
  return rows.map((row) => ({ webhook: row.webhook_id, format: row.format, nextRow: Number(row.next_idx) }));
}

export async function advanceStream(tx: Tx, tenantId: string, webhook: string, nextRow: number): Promise<void> {
  await tx.query('update stream set next_idx = $3 where tenant_id = $1 and webhook_id = $2', [
    tenantId,
    webhook,
    nextRow,
  ]);
}

/** Tenants whose search or streams have not followed their logs to the end. */
export async function tenantsBehind(db: Database, limit: number): Promise<string[]> {
  const rows = await db.system((tx) =>
    tx.query<{ tenant_id: string }>(
      `select l.tenant_id from (select tenant_id, ((number - 1)::bigint << 40) + size as end_row from log) l
       left join search_head h on h.tenant_id = l.tenant_id
       where l.end_row > coalesce(h.next_idx, 0)
          or exists (select from stream s where s.tenant_id = l.tenant_id and s.next_idx < l.end_row)
       limit $1`,
      [limit],
    ),
  );
  return rows.map(({ tenant_id }) => tenant_id);
}
