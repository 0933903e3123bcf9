/** Webhooks that want every entry. A stream's next index moves in the transaction that hands the entries over. */
import type { Database, Tx } from '@conclave/postgres-kit';
import { PLACES } from '../log/log-name.js';
import type { EntryFormat } from './formats/write-line.js';

export interface StreamName {
  readonly tenantId: string;
  readonly webhook: string;
}

/** Batches on their way to one webhook at most: what it does not take stays in the log, and piles up nowhere else. */
const UNDELIVERED = 8;
/**
 * Or that end has been waited for in vain: one that nobody told of must not cost its place for good. That it may come
 * later harms nothing: entries go on behind the stream's position, so a receiver gets none of them twice.
 */
const READY = `(undelivered < ${UNDELIVERED} or handed_at < now() - interval '10 minutes')`;

export async function openStream(
  tx: Tx,
  tenantId: string,
  stream: { readonly webhook: string; readonly format: string; readonly from: number | undefined },
): Promise<void> {
  await tx.query(
    `insert into stream (tenant_id, webhook_id, format, next_idx)
     values ($1, $2, $3, coalesce($4::bigint + coalesce((select (number - 1)::bigint * ${PLACES} from log where tenant_id = $1), 0),
       (select max(idx) + 1 from entry where tenant_id = $1), 0)) on conflict do nothing`,
    [tenantId, stream.webhook, stream.format, stream.from ?? null],
  );
}

export async function closeStream(tx: Tx, tenantId: string, webhook: string): Promise<void> {
  await tx.query('delete from stream where tenant_id = $1 and webhook_id = $2', [tenantId, webhook]);
}

/** A batch that was handed over has come to its end. */
export async function settleBatch(tx: Tx, tenantId: string, webhook: string): Promise<void> {
  await tx.query(
    'update stream set undelivered = greatest(undelivered - 1, 0) where tenant_id = $1 and webhook_id = $2',
    [tenantId, webhook],
  );
}

/** The stream, unless another replica is at work on it, or it waits for its receiver. */
export async function takeStream(
  tx: Tx,
  { tenantId, webhook }: StreamName,
): Promise<{ readonly format: EntryFormat; readonly nextRow: number } | undefined> {
  const row = await tx.one<{ format: EntryFormat; next_idx: string }>(
    `select format, next_idx from stream where tenant_id = $1 and webhook_id = $2 and ${READY} for update skip locked`,
    [tenantId, webhook],
  );
  return row && { format: row.format, nextRow: Number(row.next_idx) };
}

/** Notes how far the stream has come, and whether that was by a batch that is on its way now. A full count begins anew. */
export async function advanceStream(
  tx: Tx,
  { tenantId, webhook }: StreamName,
  { nextRow, sent }: { readonly nextRow: number; readonly sent: boolean },
): Promise<void> {
  await tx.query(
    `update stream set next_idx = $3, undelivered = undelivered % ${UNDELIVERED} + $4::boolean::int,
       handed_at = case when $4 then now() else handed_at end
     where tenant_id = $1 and webhook_id = $2`,
    [tenantId, webhook, nextRow, sent],
  );
}

const LOG_ENDS = `select tenant_id, (number - 1)::bigint * ${PLACES} + size as end_row from log`;

/** Some of the tenants whose search has not followed their logs to the end, in their order, from behind `after` on. */
export async function unindexedTenants(db: Database, after: string, limit: number): Promise<string[]> {
  const rows = await db.system((tx) =>
    tx.query<{ tenant_id: string }>(
      `select l.tenant_id from (${LOG_ENDS}) l left join search_head h on h.tenant_id = l.tenant_id
       where l.end_row > coalesce(h.next_idx, 0) and l.tenant_id > $1 order by l.tenant_id limit $2`,
      [after, limit],
    ),
  );
  return rows.map(({ tenant_id }) => tenant_id);
}

/** Some of the streams that have not followed their logs to the end and do not wait for their receivers, likewise. */
export async function streamsBehind(db: Database, after: StreamName | undefined, limit: number): Promise<StreamName[]> {
  return db.system((tx) =>
    tx.query<StreamName>(
      `select s.tenant_id as "tenantId", s.webhook_id as webhook from (${LOG_ENDS}) l
       join stream s on s.tenant_id = l.tenant_id and s.next_idx < l.end_row
       where ${READY} and (s.tenant_id, s.webhook_id) > ($1, $2) order by s.tenant_id, s.webhook_id limit $3`,
      [after?.tenantId ?? '', after?.webhook ?? '', limit],
    ),
  );
}
