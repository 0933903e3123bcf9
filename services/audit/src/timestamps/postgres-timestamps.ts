/** The SQL of timestamps. */
import type { Statements, Tx } from '@conclave/postgres-kit';

/** A checkpoint that an authority stamped, and its answer verbatim. */
export interface CheckpointTimestamp {
  readonly origin: string;
  readonly size: number;
  readonly authority: string;
  readonly at: Date;
  /** The note that was stamped: UTF-8, with the log's signatures and no others. */
  readonly checkpoint: string;
  readonly response: Uint8Array;
}

export async function keepTimestamp(tx: Tx, tenantId: string, stamp: CheckpointTimestamp): Promise<void> {
  const { origin, size, authority, at, checkpoint, response } = stamp;
  await tx.query(
    `insert into checkpoint_timestamp (tenant_id, origin, size, authority, at, checkpoint, response)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing`,
    [tenantId, origin, size, authority, at, checkpoint, Buffer.from(response)],
  );
}

/** Newest first, from before `[at, size]`. */
export async function timestampsBefore(
  db: Statements,
  tenantId: string,
  before: readonly [at: string, size: number] | undefined,
  limit: number,
): Promise<CheckpointTimestamp[]> {
  const rows = await db.query<CheckpointTimestamp & { size: string }>(
    `select origin, size, authority, at, checkpoint, response from checkpoint_timestamp
     where tenant_id = $1 and (at, size) < (coalesce($2, 'infinity')::timestamptz, $3::bigint)
     order by at desc, size desc limit $4`,
    [tenantId, before?.[0] ?? null, before?.[1] ?? 0, limit],
  );
  return rows.map((row) => ({ ...row, size: Number(row.size) }));
}
