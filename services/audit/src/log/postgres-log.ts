/**
 * The log's SQL. Everything that gives an entry its place happens under the row lock of `log`; entries, nodes and
 * checkpoints are only ever inserted.
 */
import { appendLeaves, leafHash, rootOf, type NodeId } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { Database, type PlacedEvent, type Statements, type Tx } from '@conclave/postgres-kit';
import { CheckpointSigner } from './checkpoint-signer.js';

/** Entries sequenced under one checkpoint. */
const BATCH = 500;

export interface StoredCheckpoint {
  readonly size: number;
  readonly note: string;
}

/** An entry with its place. */
export interface LoggedEntry {
  readonly index: number;
  readonly eventId: string;
  readonly type: string;
  readonly actor: string;
  readonly at: Date;
  readonly body: Uint8Array;
  readonly leafHash: Uint8Array;
}

interface EntryRow {
  idx: string;
  event_id: string;
  type: string;
  actor: string;
  at: Date;
  body: Buffer;
  leaf_hash: Buffer;
}

interface StageRow {
  event_id: string;
  type: string;
  actor: string;
  at: Date;
  body: Buffer;
  /** Whether the log holds it already. */
  logged: boolean;
}

const toEntry = (row: EntryRow): LoggedEntry => ({
  index: Number(row.idx),
  eventId: row.event_id,
  type: row.type,
  actor: row.actor,
  at: row.at,
  body: row.body,
  leafHash: row.leaf_hash,
});

@Injectable()
export class PostgresLog {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
  ) {}

  async stage(tx: Tx, event: Omit<PlacedEvent, 'data' | 'position'>, body: Uint8Array): Promise<void> {
    await tx.query(
      'insert into stage (tenant_id, event_id, type, actor, at, body) values ($1, $2, $3, $4, $5, $6) on conflict do nothing',
      [event.tenantId, event.id, event.type, event.actor, event.at, Buffer.from(body)],
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

  /** Tenants whose stage is not empty. */
  async waitingTenants(): Promise<string[]> {
    const rows = await this.db.system((tx) =>
      tx.query<{ tenant_id: string }>('select distinct tenant_id from stage limit 100'),
    );
    return rows.map((row) => row.tenant_id);
  }

  /**
   * Gives the tenant's staged entries their indices and signs the new head, in one transaction. `onSequenced` runs in
   * it, for what must be told with it. An event that has its entry already, because its producer was restored and stamped
   * it again, leaves the stage without another. @returns how many left the stage
   */
  sequence(
    tenantId: string,
    onSequenced: (tx: Tx, entries: readonly LoggedEntry[], checkpoint: StoredCheckpoint) => Promise<void>,
  ): Promise<number> {
    return this.db.tx({ tenantId, actor: 'service:audit' }, async (tx) => {
      await tx.query('insert into log (tenant_id, origin) values ($1, $2) on conflict do nothing', [
        tenantId,
        this.signer.originOf(tenantId),
      ]);
      const log = (await tx.one<{ size: string; frontier: Buffer[] }>(
        'select size, frontier from log where tenant_id = $1 for update',
        [tenantId],
      ))!;
      const staged = await tx.query<StageRow>(
        `select s.event_id, s.type, s.actor, s.at, s.body,
           exists (select from entry e where e.tenant_id = s.tenant_id and e.event_id = s.event_id) as logged
         from stage s where s.tenant_id = $1 order by s.seq limit $2`,
        [tenantId, BATCH],
      );
      if (staged.length === 0) return 0;
      await tx.query('delete from stage where tenant_id = $1 and event_id = any($2)', [
        tenantId,
        staged.map((row) => row.event_id),
      ]);
      const fresh = staged.filter(({ logged }) => !logged);
      if (fresh.length === 0) return staged.length;
      const first = Number(log.size);
      const entries = fresh.map((row, i): LoggedEntry => ({
        index: first + i,
        eventId: row.event_id,
        type: row.type,
        actor: row.actor,
        at: row.at,
        body: row.body,
        leafHash: leafHash(row.body),
      }));
      const { frontier, nodes } = appendLeaves(
        { size: first, hashes: log.frontier },
        entries.map((entry) => entry.leafHash),
      );
      await insertEntries(tx, tenantId, entries);
      await tx.query(
        `insert into node (tenant_id, level, idx, hash) select $1, * from unnest($2::smallint[], $3::bigint[], $4::bytea[])`,
        [tenantId, nodes.map((n) => n.level), nodes.map((n) => n.index), nodes.map((n) => Buffer.from(n.hash))],
      );
      const root = rootOf(frontier);
      const note = this.signer.sign(tenantId, { size: frontier.size, root });
      await tx.query('insert into checkpoint (tenant_id, size, root, note) values ($1, $2, $3, $4)', [
        tenantId,
        frontier.size,
        Buffer.from(root),
        note,
      ]);
      await tx.query('update log set size = $2, frontier = $3 where tenant_id = $1', [
        tenantId,
        frontier.size,
        frontier.hashes.map((hash) => Buffer.from(hash)),
      ]);
      await onSequenced(tx, entries, { size: frontier.size, note });
      return staged.length;
    });
  }

  /** The newest signed head, or undefined while the log is empty. */
  async latest(db: Statements, tenantId: string): Promise<StoredCheckpoint | undefined> {
    const row = await db.one<{ size: string; note: string }>(
      'select size, note from checkpoint where tenant_id = $1 order by size desc limit 1',
      [tenantId],
    );
    return row && { size: Number(row.size), note: row.note };
  }

  /** The signed head at `size`, which need not be one that was published. */
  async headAt(tx: Tx, tenantId: string, size: number): Promise<StoredCheckpoint | undefined> {
    const row = await tx.one<{ note: string }>('select note from checkpoint where tenant_id = $1 and size = $2', [
      tenantId,
      size,
    ]);
    return row && { size, note: row.note };
  }

  /** Reads complete nodes; the reader it returns is what the proof functions take. */
  async nodes(tx: Tx, tenantId: string, ids: readonly NodeId[]): Promise<(level: number, index: number) => Uint8Array> {
    const rows = await tx.query<{ level: number; idx: string; hash: Buffer }>(
      `select n.level, n.idx, n.hash from unnest($2::smallint[], $3::bigint[]) as w(level, idx) join node n on n.tenant_id = $1 and n.level = w.level and n.idx = w.idx`,
      [tenantId, ids.map((id) => id.level), ids.map((id) => id.index)],
    );
    const known = new Map(rows.map((row) => [`${row.level}/${row.idx}`, row.hash]));
    return (level, index) => {
      const hash = known.get(`${level}/${index}`);
      if (!hash) throw new Error(`node ${level}/${index} is missing from the log`);
      return hash;
    };
  }

  async entry(tx: Tx, tenantId: string, index: number): Promise<LoggedEntry | undefined> {
    const row = await tx.one<EntryRow>(
      'select idx, event_id, type, actor, at, body, leaf_hash from entry where tenant_id = $1 and idx = $2',
      [tenantId, index],
    );
    return row && toEntry(row);
  }
}

async function insertEntries(tx: Tx, tenantId: string, entries: readonly LoggedEntry[]): Promise<void> {
  await tx.query(
    `insert into entry (tenant_id, idx, event_id, type, actor, at, body, leaf_hash)
     select $1, * from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::bytea[], $8::bytea[])`,
    [
      tenantId,
      entries.map((e) => e.index),
      entries.map((e) => e.eventId),
      entries.map((e) => e.type),
      entries.map((e) => e.actor),
      entries.map((e) => e.at),
      entries.map((e) => Buffer.from(e.body)),
      entries.map((e) => Buffer.from(e.leafHash)),
    ],
  );
}
