/** Where entries wait for their place. */
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Tx } from '@conclave/postgres-kit';

export interface StagedEntry {
  readonly id: string;
  readonly type: string;
  readonly actor: string;
  readonly at: string;
  readonly tenantId: string;
  readonly body: Uint8Array;
}

/**
 * Each is looked for by its key, one by one: a join planned while the table was small would read all of it. In the order
 * of their keys, so that two batches with the same ids do not wait for each other.
 */
const ADD = `
insert into stage (tenant_id, event_id, type, actor, at, body)
select n.tenant_id, n.event_id, n.type, n.actor, n.at, n.body
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $6::bytea[])
  with ordinality n (tenant_id, event_id, type, actor, at, body, nr)
where (select true from entry e where e.tenant_id = n.tenant_id and e.event_id = n.event_id) is null
order by n.tenant_id, n.event_id, n.nr
on conflict do nothing returning event_id`;

const KEPT = `
select n.tenant_id, n.event_id, coalesce(
  (select s.body from stage s where s.tenant_id = n.tenant_id and s.event_id = n.event_id),
  (select e.body from entry e where e.tenant_id = n.tenant_id and e.event_id = n.event_id)) as body
from unnest($1::text[], $2::text[]) n (tenant_id, event_id)`;

@Injectable()
export class PostgresStage {
  constructor(@Inject(Database) private readonly db: Database) {}

  async stage(tx: Tx, event: StagedEntry): Promise<void> {
    await tx.query(
      'insert into stage (tenant_id, event_id, type, actor, at, body) values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
      [event.tenantId, event.id, event.type, event.actor, event.at, Buffer.from(event.body)],
    );
  }

  /** Keeps the event that sealed a decision; false when another one had sealed it before. */
  async claimSeal(tx: Tx, tenantId: string, decisionId: string, eventId: string): Promise<boolean> {
    await tx.query(
      'insert into sealed_decision (tenant_id, decision_id, event_id) values ($1, $2, $3) on conflict do nothing',
      [tenantId, decisionId, eventId],
    );
    const first = await tx.one<{ event_id: string }>(
      'select event_id from sealed_decision where tenant_id = $1 and decision_id = $2',
      [tenantId, decisionId],
    );
    return first?.event_id === eventId;
  }

  /**
   * Stages entries of any tenants in one transaction. @returns what is kept of each: the entry itself, or the one that
   * was there under its id
   */
  add(entries: readonly StagedEntry[]): Promise<StagedEntry[]> {
    return this.db.system(async (tx) => {
      const added = await tx.query<{ event_id: string }>(ADD, [
        entries.map((e) => e.tenantId),
        entries.map((e) => e.id),
        entries.map((e) => e.type),
        entries.map((e) => e.actor),
        entries.map((e) => e.at),
        entries.map((e) => Buffer.from(e.body)),
      ]);
      if (added.length === entries.length) return [...entries];
      const fresh = new Set(added.map((row) => row.event_id));
      // Of two with one id that came together the first was added.
      const others = entries.filter(({ id }) => !fresh.delete(id));
      const kept = await tx.query<{ event_id: string; body: Buffer }>(KEPT, [
        others.map((e) => e.tenantId),
        others.map((e) => e.id),
      ]);
      const bodies = new Map(others.map((entry, at) => [entry, kept[at]!.body]));
      return entries.map((entry) => {
        const body = bodies.get(entry);
        return body ? { ...entry, body } : entry;
      });
    });
  }
}
