/** The side table of personal data: the only thing about an entry that is ever deleted. */
import type { JsonObject } from '@conclave/audit-core';
import type { Statements, Tx } from '@conclave/postgres-kit';
import type { Disclosed } from './commit-personal.js';

/** An entry is of before an erasure by clocks that differ by this much. */
const CLOCKS_DIFFER = '10 seconds';

/** Until the transaction ends nothing is erased (`shared`), or nothing disclosed, of this tenant. */
const lock = (tx: Tx, tenantId: string, { shared }: { shared: boolean }) =>
  tx.query(`select pg_advisory_xact_lock${shared ? '_shared' : ''}(hashtextextended($1, 0))`, [
    `disclosures of ${tenantId}`,
  ]);

/**
 * Kept once: an event that its producer stamps again keeps its first salt, and one that was erased stays erased. What an
 * event discloses that was on its way while its subject was erased is not kept at all.
 */
export async function keepDisclosure(
  tx: Tx,
  tenantId: string,
  entry: {
    readonly eventId: string;
    readonly at: string;
    readonly refs: readonly string[];
    readonly disclosed: Disclosed;
  },
): Promise<void> {
  await lock(tx, tenantId, { shared: true });
  await tx.query(
    `insert into disclosure (tenant_id, event_id, refs, salt, data) select $1, $2, $3, $4, $5
     where not exists (select from stage where tenant_id = $1 and event_id = $2)
       and not exists (select from entry where tenant_id = $1 and event_id = $2)
       and not exists (select from erasure where tenant_id = $1 and subject = any($3)
         and at >= $6::timestamptz - interval '${CLOCKS_DIFFER}')
     on conflict do nothing`,
    [
      ...[tenantId, entry.eventId, entry.refs, Buffer.from(entry.disclosed.salt)],
      ...[JSON.stringify(entry.disclosed.data), entry.at],
    ],
  );
}

/** What is still disclosed of events, by their ids. */
export async function disclosuresOf(
  db: Statements,
  tenantId: string,
  eventIds: readonly string[],
): Promise<Map<string, Disclosed>> {
  const rows = await db.query<{ event_id: string; salt: Buffer; data: JsonObject }>(
    'select event_id, salt, data from disclosure where tenant_id = $1 and event_id = any($2)',
    [tenantId, eventIds],
  );
  return new Map(rows.map(({ event_id, salt, data }) => [event_id, { salt, data }]));
}

/** Deletes what is disclosed about a subject. @returns of how many entries */
export async function eraseDisclosures(tx: Tx, tenantId: string, subject: string): Promise<number> {
  await lock(tx, tenantId, { shared: false });
  const rows = await tx.query('delete from disclosure where tenant_id = $1 and $2 = any(refs) returning event_id', [
    tenantId,
    subject,
  ]);
  return rows.length;
}

/** Deletes what entries below a row disclosed. */
export async function pruneDisclosures(tx: Tx, tenantId: string, minimumRow: number): Promise<void> {
  await tx.query(
    `delete from disclosure d using entry e
     where d.tenant_id = $1 and e.tenant_id = $1 and e.event_id = d.event_id and e.idx < $2`,
    [tenantId, minimumRow],
  );
}
