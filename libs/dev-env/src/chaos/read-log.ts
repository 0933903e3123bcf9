/** What a tenant's log holds, by its public export and the offline verifier, beside what its services announced. */
import { setTimeout as sleep } from 'node:timers/promises';
import { fromBase64, fromUtf8, parseVkey } from '@conclave/audit-core';
import { eventContracts } from '@conclave/contracts';
import { verifyExport } from '@conclave/verify';
import type pg from 'pg';
import type { Constellation } from '../testing/constellation.js';

const AUDITED = eventContracts.filter(({ audited }) => audited).map(({ type }) => type);

/** An entry's bytes, read. */
export interface LogEntry {
  /** The id of the event. */
  readonly event: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Waits until nothing is staged or unpublished, and every audited event has its entry. @throws Error when that takes too long */
export async function untilLogged(db: pg.Client, tenantId: string, patienceMs: number): Promise<void> {
  for (const deadline = Date.now() + patienceMs; Date.now() < deadline; await sleep(250)) {
    const { rows } = await db.query<{ busy: boolean }>(
      `select exists (select from audit.stage where tenant_id = $1)
        or exists (select from audit.log where tenant_id = $1 and published < size) as busy`,
      [tenantId],
    );
    const told = [...(await announced(db, tenantId)).values()].flat();
    const known = await db.query('select from audit.entry where tenant_id = $1 and event_id = any ($2)', [
      ...[tenantId, told],
    ]);
    if (!rows[0]!.busy && known.rowCount! >= told.length) return;
  }
  throw new Error(`the log of ${tenantId} is not complete after ${patienceMs / 1_000} s`);
}

/** The ids of audited events of the tenant, by the service that announced them, in the order of their places. */
export async function announced(db: pg.Client, tenantId: string): Promise<Map<string, string[]>> {
  const { rows: tables } = await db.query<{ schema: string }>(
    `select table_schema as schema from information_schema.tables where table_name = 'outbound_event' order by 1`,
  );
  const found = new Map<string, string[]>();
  for (const { schema } of tables) {
    const { rows } = await db.query<{ id: string }>(
      `select id from "${schema}".outbound_event where tenant_id = $1 and type = any ($2) order by epoch, pos`,
      [tenantId, AUDITED],
    );
    found.set(
      schema,
      rows.map(({ id }) => id),
    );
  }
  return found;
}

/** All entries of the caller's log, as an export has them that the offline verifier trusts. @throws Error if it does not */
export async function exportedLog({ gateway, apiKey }: Constellation): Promise<LogEntry[]> {
  const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
  const asked = async (path: string, body?: object): Promise<string> => {
    const init = { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) };
    const answer = await fetch(`${gateway}${path}`, init);
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.text();
  };
  const { vkey } = JSON.parse(await asked('/v1/audit/log')) as { vkey: string };
  const { id } = JSON.parse(await asked('/v1/audit/exports', { format: 'jsonl' })) as { id: string };
  const lines = (await asked(`/v1/audit/exports/${id}/content`)).split('\n').filter((line) => line !== '');
  const verdict = await verifyExport(lines, { logs: [parseVkey(vkey)] });
  if (!verdict.ok) throw new Error(`the export is ${verdict.status}: ${JSON.stringify(verdict.steps)}`);
  return lines
    .map((line) => JSON.parse(line) as { entry?: string })
    .flatMap(({ entry }) => (entry === undefined ? [] : [JSON.parse(fromUtf8(fromBase64(entry))) as LogEntry]));
}
