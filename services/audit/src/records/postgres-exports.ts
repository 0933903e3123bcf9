import type { ReplyOf, records } from '@conclave/contracts';
import type { Statements } from '@conclave/postgres-kit';
import type { LogName } from '../log/log-name.js';
import type { EntryFormat } from './formats/write-line.js';
import type { EntryFilter } from './postgres-entries.js';

export type ExportView = ReplyOf<typeof records.getExport>;

/** What an export is of; it holds no entries. */
export interface ExportSpec {
  readonly id: string;
  readonly format: EntryFormat;
  readonly filter: EntryFilter;
  readonly from: number;
  readonly to: number;
  readonly size: number;
  readonly entries: number;
  readonly createdBy: string;
  readonly createdAt: Date;
}

interface ExportRow {
  number: number;
  id: string;
  format: EntryFormat;
  filter: EntryFilter;
  from_idx: string;
  to_idx: string;
  size: string;
  entries: string;
  sent: string;
  state: ExportView['state'];
  created_by: string;
  created_at: Date;
}

export async function insertExport(db: Statements, log: LogName, spec: ExportSpec): Promise<void> {
  await db.query(
    `insert into export (tenant_id, number, id, format, filter, from_idx, to_idx, size, entries, created_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      log.tenantId,
      log.number,
      spec.id,
      spec.format,
      JSON.stringify(spec.filter),
      spec.from,
      spec.to,
      spec.size,
      spec.entries,
      spec.createdBy,
      spec.createdAt,
    ],
  );
}

/** The export, and the log that it is of. */
export async function exportOf(
  db: Statements,
  tenantId: string,
  id: string,
): Promise<{ readonly view: ExportView; readonly log: LogName } | undefined> {
  const row = await db.one<ExportRow>(
    `select number, id, format, filter, from_idx, to_idx, size, entries, sent, state, created_by, created_at
     from export where tenant_id = $1 and id = $2`,
    [tenantId, id],
  );
  return row && { view: viewOf(row), log: { tenantId, number: row.number } };
}

export async function noteProgress(
  db: Statements,
  tenantId: string,
  { id, sent, state }: { id: string; sent: number; state: ExportView['state'] },
): Promise<void> {
  await db.query('update export set sent = $3, state = $4 where tenant_id = $1 and id = $2', [
    tenantId,
    id,
    sent,
    state,
  ]);
}

function viewOf(row: ExportRow): ExportView {
  return {
    id: row.id,
    log: row.number,
    format: row.format,
    ...(Object.keys(row.filter).length > 0 ? { filter: row.filter } : {}),
    from: Number(row.from_idx),
    to: Number(row.to_idx),
    size: Number(row.size),
    state: row.state,
    progress: { entries: Number(row.entries), sent: Number(row.sent) },
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
  };
}
