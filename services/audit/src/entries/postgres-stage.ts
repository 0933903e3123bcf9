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

export interface AddedEntry extends StagedEntry {
  /** Its id is by an Idempotency-Key: it may have come before. All others are new. */
  readonly keyed: boolean;
}

/** Bodies travel as one piece of bytes, from which each takes its own: as an array they would be text, twice as long. */
const adding = (which: string): string => `
insert into stage (tenant_id, event_id, type, actor, at, body)
select n.tenant_id, n.event_id, n.type, n.actor, n.at, substr($6::bytea, n.first, n.length)
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[], $7::int[], $8::int[], $9::boolean[])
  with ordinality n (tenant_id, event_id, type, actor, at, first, length, keyed, nr)
${which}`;

/** In the order of their log, by one consumer. */
const STAGE = adding('order by n.nr on conflict do nothing');

/** In the order of their keys, so that two batches with the same ids do not wait for each other. */
const BY_KEY = 'order by n.tenant_id, n.event_id, n.nr';

/** Nobody had these ids before, which are made by chance: to look for that costs a fourth of the statement. */
const ADD_NEW = adding(BY_KEY);

/**
 * Who may have come before is looked for by its key, one by one: a join planned while the table was small would read all
 * of it.
 */
const ADD = adding(`
where not n.keyed or (select true from entry e where e.tenant_id = n.tenant_id and e.event_id = n.event_id) is null
${BY_KEY} on conflict do nothing`);

/**
 * What is kept, as it is after {@link ADD}: a sequencer that moved an entry into the log while that ran left its place
 * on the stage free, and what took it is no entry, and never becomes one.
 */
const KEPT = `
select n.tenant_id, n.event_id, coalesce(
  (select e.body from entry e where e.tenant_id = n.tenant_id and e.event_id = n.event_id),
  (select s.body from stage s where s.tenant_id = n.tenant_id and s.event_id = n.event_id)) as body
from unnest($1::text[], $2::text[]) with ordinality n (tenant_id, event_id, nr) order by n.nr`;

@Injectable()
export class PostgresStage {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** Stages entries in their order; those that are there already stay as they are. */
  async stage(tx: Tx, entries: readonly StagedEntry[]): Promise<void> {
    await tx.query(STAGE, columnsOf(entries.map((entry) => ({ ...entry, keyed: false }))));
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
   * Stages entries of any tenants by one statement. @returns what is kept of each: the entry itself, or the one that was
   * there under its id
   */
  async add(entries: readonly AddedEntry[]): Promise<StagedEntry[]> {
    const keyed = entries.filter((entry) => entry.keyed);
    await this.db.acrossTenants.query(keyed.length === 0 ? ADD_NEW : ADD, columnsOf(entries));
    if (keyed.length === 0) return [...entries];
    const kept = await this.db.acrossTenants.query<{ body: Buffer }>(KEPT, [
      keyed.map((e) => e.tenantId),
      keyed.map((e) => e.id),
    ]);
    const bodyOf = new Map(keyed.map((entry, at) => [entry, kept[at]!.body]));
    return entries.map((entry) => {
      const body = bodyOf.get(entry);
      return body && !body.equals(entry.body) ? { ...entry, body } : entry;
    });
  }
}

function columnsOf(entries: readonly AddedEntry[]): unknown[] {
  const bodies = entries.map(({ body }) => body);
  let end = 1;
  return [
    entries.map((e) => e.tenantId),
    entries.map((e) => e.id),
    entries.map((e) => e.type),
    entries.map((e) => e.actor),
    entries.map((e) => e.at),
    Buffer.concat(bodies),
    bodies.map(({ length }) => (end += length) - length),
    bodies.map(({ length }) => length),
    entries.map((e) => e.keyed),
  ];
}
