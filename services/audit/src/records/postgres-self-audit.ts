import type { Frontier, JsonObject } from '@conclave/audit-core';
import type { ReplyOf, records } from '@conclave/contracts';
import type { Database, Statements, Tx } from '@conclave/postgres-kit';
import { firstRowOf, type LogName } from '../log/log-name.js';

export type Fault = ReplyOf<typeof records.getSelfAudit>['faults'][number];

/** How far the tree of a log was rebuilt, with all that is needed to go on. */
export interface Rebuilt {
  readonly frontier: Frontier;
  readonly faults: readonly Fault[];
  readonly at: Date;
  /** When it was last begun at the first entry. */
  readonly fullAt: Date;
}

interface Row {
  size: string;
  frontier: Buffer[];
  faults: Fault[];
  at: Date;
  full_at: Date;
}

export async function rebuiltSoFar(db: Statements, { tenantId, number }: LogName): Promise<Rebuilt | undefined> {
  const row = await db.one<Row>(
    'select size, frontier, faults, at, full_at from self_audit where tenant_id = $1 and number = $2',
    [tenantId, number],
  );
  if (!row) return undefined;
  const { faults, at, full_at: fullAt } = row;
  return { frontier: { size: Number(row.size), hashes: row.frontier }, faults, at, fullAt };
}

/** What was found in all of the tenant's logs, and how far the newest was rebuilt. */
export async function selfAuditOf(db: Statements, tenantId: string): Promise<ReplyOf<typeof records.getSelfAudit>> {
  const rows = await db.query<Row>(
    'select size, frontier, faults, at, full_at from self_audit where tenant_id = $1 order by number',
    [tenantId],
  );
  const faults = rows.flatMap((row) => row.faults);
  const newest = rows.at(-1);
  if (!newest) return { size: 0, faults };
  return { size: Number(newest.size), faults, at: newest.at.toISOString(), fullAt: newest.full_at.toISOString() };
}

export async function keepRebuilt(
  tx: Tx,
  { tenantId, number }: LogName,
  { frontier, faults, at, fullAt }: Rebuilt,
): Promise<void> {
  await tx.query(
    `insert into self_audit (tenant_id, number, size, frontier, faults, fault_count, at, full_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (tenant_id, number) do update set size = excluded.size, frontier = excluded.frontier,
       faults = excluded.faults, fault_count = excluded.fault_count, at = excluded.at, full_at = excluded.full_at`,
    [
      tenantId,
      number,
      frontier.size,
      frontier.hashes.map((hash) => Buffer.from(hash)),
      JSON.stringify(faults),
      faults.length,
      at,
      fullAt,
    ],
  );
}

/** An entry as it is stored, with the salt and data of what it commits to. */
export interface StoredEntry {
  readonly index: number;
  readonly body: Uint8Array;
  readonly leafHash: Uint8Array;
  readonly disclosed: { readonly salt: Uint8Array; readonly data: JsonObject } | undefined;
}

/** Entries and signed heads behind `size`, as far as `limit` entries reach. */
export async function storedAfter(db: Statements, log: LogName, size: number, limit: number) {
  const { tenantId } = log;
  const first = firstRowOf(log);
  // Heads that are signed while this reads belong to entries that it may not have seen.
  const newest = await db.one<{ size: string | null }>(
    'select max(size) as size from checkpoint where tenant_id = $1 and size < $2',
    [tenantId, firstRowOf({ tenantId, number: log.number + 1 })],
  );
  const entries = await db.query<{
    idx: string;
    body: Buffer;
    leaf_hash: Buffer;
    salt: Buffer | null;
    data: JsonObject;
  }>(
    `select e.idx, e.body, e.leaf_hash, d.salt, d.data from entry e
     left join disclosure d on d.tenant_id = e.tenant_id and d.event_id = e.event_id
     where e.tenant_id = $1 and e.idx >= $2 and e.idx < $3 order by e.idx limit $4`,
    [tenantId, first + size, firstRowOf({ tenantId, number: log.number + 1 }), limit],
  );
  // The rows of heads begin behind the first of the log, so that one of size n stands at n.
  const end =
    entries.length < limit ? firstRowOf({ tenantId, number: log.number + 1 }) : Number(entries.at(-1)!.idx) + 1;
  const heads = await db.query<{ size: string; root: Buffer; note: string }>(
    'select size, root, note from checkpoint where tenant_id = $1 and size > $2 and size <= $3 order by size',
    [tenantId, first + size, Math.min(end, Number(newest?.size ?? 0))],
  );
  return {
    entries: entries.map((row): StoredEntry => ({
      index: Number(row.idx) - first,
      body: row.body,
      leafHash: row.leaf_hash,
      disclosed: row.salt ? { salt: row.salt, data: row.data } : undefined,
    })),
    heads: heads.map((row) => ({ size: Number(row.size) - first, root: row.root, note: row.note })),
  };
}

export async function tenantsWithLogs(db: Database): Promise<string[]> {
  const rows = await db.system((tx) => tx.query<{ tenant_id: string }>('select tenant_id from log order by tenant_id'));
  return rows.map(({ tenant_id }) => tenant_id);
}

/** Over all tenants: how many faults the latest self-audits found, and how long ago the least recent one was. */
export async function selfAuditFigures(db: Database): Promise<{ readonly faults: number; readonly ageS: number }> {
  const row = await db.system((tx) =>
    tx.one<{ faults: string; age: string | null }>(
      `select coalesce(sum(fault_count), 0) as faults, extract(epoch from clock_timestamp() - min(at)) as age from self_audit`,
    ),
  );
  return { faults: Number(row!.faults), ageS: Number(row!.age ?? 0) };
}
