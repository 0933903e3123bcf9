/** Reads the log: what is in a published checkpoint, and what proofs and tiles are made of. Nothing here changes a log. */
import {
  firstNodeOf,
  nodesFromTiles,
  TILE_WIDTH,
  tilesOf,
  type NodeId,
  type NodeReader,
  type Tile,
} from '@conclave/audit-core';
import { Injectable } from '@nestjs/common';
import type { Statements } from '@conclave/postgres-kit';
import { firstRowOf, PLACES, rowOfNode, type LogName } from './log-name.js';
import { joinHashes } from './native-hashes.js';

export interface StoredCheckpoint {
  readonly size: number;
  readonly note: string;
}

/** A tenant's log as it is in the database. */
export interface OpenLog extends LogName {
  readonly origin: string;
  /** Entries that have their place. */
  readonly size: number;
  /** Entries in the published checkpoint. */
  readonly published: number;
  /** Whether it was given up. */
  readonly sealed?: true;
}

/** A log with the signed head of all that it has. */
export interface SignedLog {
  readonly log: OpenLog;
  readonly checkpoint: StoredCheckpoint;
}

/** A log that was given up, with the last checkpoint of it. */
export interface SealedLog extends LogName {
  readonly origin: string;
  readonly size: number;
  readonly checkpoint: string;
  readonly reason: string;
  readonly at: Date;
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

interface OpenRow {
  number: number;
  origin: string;
  size: string;
  published: string;
  sealed?: true | null;
}

/** An entry as it is stored. */
export interface EntryRow {
  idx: string;
  event_id: string;
  type: string;
  actor: string;
  at: Date;
  body: Buffer;
  leaf_hash: Buffer;
}

const HASH_BYTES = 32;
/** The columns of an entry. */
export const ENTRY = 'idx, event_id, type, actor, at, body, leaf_hash';

/** Of a log `l`. Its checkpoint is looked for by the key: a join planned for few of them would read all. */
const FIRST_ROW = `(l.number - 1)::bigint * ${PLACES}`;

const ALL = `
select s.number, s.origin, h.size, h.size as published, true as sealed from sealed_log s cross join lateral (
  select coalesce(max(c.size) - (s.number - 1)::bigint * ${PLACES}, 0) as size from checkpoint c
  where c.tenant_id = s.tenant_id and c.size > (s.number - 1)::bigint * ${PLACES} and c.size <= s.number::bigint * ${PLACES}
) h where s.tenant_id = $1
union all select number, origin, size, published, null from log where tenant_id = $1 order by number`;

const LEAF_TILES = `
select t.first, (select string_agg(e.leaf_hash, '' order by e.idx) from entry e
  where e.tenant_id = $1 and e.idx >= t.first and e.idx < t.first + ${TILE_WIDTH}) as hashes
from unnest($2::bigint[]) t (first)`;

const NODE_TILES = `
select t.level, t.first, (select string_agg(n.hash, '' order by n.idx) from node n
  where n.tenant_id = $1 and n.level = t.level and n.idx >= t.first and n.idx < t.first + ${TILE_WIDTH}) as hashes
from unnest($2::smallint[], $3::bigint[]) t (level, first)`;

@Injectable()
export class PostgresLog {
  /** The tenant's present log; undefined before its first entry. */
  async open(db: Statements, tenantId: string): Promise<OpenLog | undefined> {
    const row = await db.one<OpenRow>('select number, origin, size, published from log where tenant_id = $1', [
      tenantId,
    ]);
    return row && toOpen(tenantId, row);
  }

  /** The tenant's logs that were given up, oldest first. */
  async sealed(db: Statements, tenantId: string): Promise<SealedLog[]> {
    const rows = await db.query<Omit<SealedLog, 'size' | 'tenantId'> & { size: string }>(
      'select number, origin, size, checkpoint, reason, at from sealed_log where tenant_id = $1 order by number',
      [tenantId],
    );
    return rows.map((row) => ({ ...row, tenantId, size: Number(row.size) }));
  }

  /** All logs of the tenant, oldest first; those that were given up as far as there are signed heads of them. */
  async all(db: Statements, tenantId: string): Promise<OpenLog[]> {
    const rows = await db.query<OpenRow>(ALL, [tenantId]);
    return rows.map((row) => toOpen(tenantId, row));
  }

  /** One of the tenant's logs; the present one unless told. */
  async find(db: Statements, tenantId: string, number: number | undefined): Promise<OpenLog | undefined> {
    if (number === undefined) return this.open(db, tenantId);
    return (await this.all(db, tenantId)).find((log) => log.number === number);
  }

  /**
   * The present log with its signed head at `size`, or else at the published one; that is missing when none of that size
   * is published.
   */
  async published(
    db: Statements,
    tenantId: string,
    size: number | undefined,
  ): Promise<{ log: OpenLog; checkpoint: StoredCheckpoint | undefined } | undefined> {
    const row = await db.one<OpenRow & { at: string; note: string | null }>(
      `select l.*, (select c.note from checkpoint c where c.tenant_id = $1 and c.size = ${FIRST_ROW} + l.at) as note from (
         select number, origin, size, published, least(coalesce($2::bigint, published), published) as at
         from log where tenant_id = $1
       ) l`,
      [tenantId, size ?? null],
    );
    if (!row) return undefined;
    const log = toOpen(tenantId, row);
    const at = Number(row.at);
    const wanted = at === (size ?? log.published) && row.note !== null;
    return { log, checkpoint: wanted ? { size: at, note: row.note! } : undefined };
  }

  /**
   * The present log with its newest signed head, which may not be published yet; undefined before its first entry.
   *
   * @throws Error when entries have no signed head, which the sequencer leaves in no log
   */
  async signed(db: Statements, tenantId: string): Promise<SignedLog | undefined> {
    const row = await db.one<OpenRow & { note: string | null }>(
      `select l.number, l.origin, l.size, l.published,
         (select c.note from checkpoint c where c.tenant_id = $1 and c.size = ${FIRST_ROW} + l.size) as note
       from log l where l.tenant_id = $1`,
      [tenantId],
    );
    if (!row) return undefined;
    const log = toOpen(tenantId, row);
    if (log.size === 0) return undefined;
    if (row.note === null) throw new Error(`no checkpoint of the log's ${log.size} entries`);
    return { log, checkpoint: { size: log.size, note: row.note } };
  }

  /** The signed head at `size`, which need not be one that was published. */
  async headAt(db: Statements, log: LogName, size: number): Promise<StoredCheckpoint | undefined> {
    const row = await db.one<{ note: string }>('select note from checkpoint where tenant_id = $1 and size = $2', [
      log.tenantId,
      firstRowOf(log) + size,
    ]);
    return row && { size, note: row.note };
  }

  /** Reads what the nodes are made of, by tiles; the reader it returns is what the proof functions take. */
  async nodes(db: Statements, log: LogName, ids: readonly NodeId[]): Promise<NodeReader> {
    const tiles = tilesOf(ids);
    const hashes = await this.hashesOf(db, log, tiles);
    const byFirst = new Map(tiles.map((tile, at) => [addressOf(firstNodeOf(tile)), hashes[at]!]));
    return nodesFromTiles((level, index) => {
      const within = index % TILE_WIDTH;
      const tile = byFirst.get(addressOf({ level, index: index - within }));
      const hash = tile?.subarray(HASH_BYTES * within, HASH_BYTES * (within + 1));
      if (hash?.length !== HASH_BYTES) throw new Error(`node ${level}/${index} is missing from the log`);
      return hash;
    }, joinHashes);
  }

  /** The hashes that each of the tiles holds in this log, as far as there are any. */
  async hashesOf(db: Statements, log: LogName, tiles: readonly Tile[]): Promise<Uint8Array[]> {
    const nodes = tiles.map((tile) => ({ ...firstNodeOf(tile), row: rowOfNode(log, firstNodeOf(tile)) }));
    const leaves = nodes.filter(({ level }) => level === 0);
    const inner = nodes.filter(({ level }) => level > 0);
    type Row = { level?: number; first: string; hashes: Buffer | null };
    const rows = await Promise.all([
      leaves.length > 0 ? db.query<Row>(LEAF_TILES, [log.tenantId, leaves.map(({ row }) => row)]) : [],
      inner.length > 0
        ? db.query<Row>(NODE_TILES, [log.tenantId, inner.map(({ level }) => level), inner.map(({ row }) => row)])
        : [],
    ]);
    const read = new Map(
      rows.flat().map(({ level = 0, first, hashes }) => [addressOf({ level, index: Number(first) }), hashes]),
    );
    return nodes.map(({ level, row }) => read.get(addressOf({ level, index: row })) ?? new Uint8Array());
  }

  /** The bytes of neighbouring entries. */
  async bodies(db: Statements, log: LogName, from: number, to: number): Promise<Buffer[]> {
    const rows = await db.query<{ body: Buffer }>(
      'select body from entry where tenant_id = $1 and idx >= $2 and idx < $3 order by idx',
      [log.tenantId, firstRowOf(log) + from, firstRowOf(log) + to],
    );
    return rows.map(({ body }) => body);
  }

  /** The place of an entry in the log, once it has one; negative when an earlier log has it. */
  async indexOf(db: Statements, log: LogName, eventId: string): Promise<number | undefined> {
    const row = await db.one<{ idx: string }>('select idx from entry where tenant_id = $1 and event_id = $2', [
      log.tenantId,
      eventId,
    ]);
    return row && Number(row.idx) - firstRowOf(log);
  }

  /** The entries with those indexes, oldest first. */
  async entries(db: Statements, log: LogName, indexes: readonly number[]): Promise<LoggedEntry[]> {
    const rows = await db.query<EntryRow>(
      `select ${ENTRY} from entry where tenant_id = $1 and idx = any ($2) order by idx`,
      [log.tenantId, indexes.map((index) => firstRowOf(log) + index)],
    );
    return rows.map((row) => toEntry(log, row));
  }

  /** The entries of those types in a piece of the log, oldest first. */
  async entriesOfTypes(
    db: Statements,
    log: LogName,
    { from, to, types }: { from: number; to: number; types: readonly string[] },
  ): Promise<LoggedEntry[]> {
    const rows = await db.query<EntryRow>(
      `select ${ENTRY} from entry where tenant_id = $1 and idx >= $2 and idx < $3 and type = any ($4) order by idx`,
      [log.tenantId, firstRowOf(log) + from, firstRowOf(log) + to, types],
    );
    return rows.map((row) => toEntry(log, row));
  }
}

const toOpen = (tenantId: string, { number, origin, size, published, sealed }: OpenRow): OpenLog => ({
  ...{ tenantId, number, origin },
  size: Number(size),
  published: Number(published),
  ...(sealed && { sealed }),
});

const addressOf = ({ level, index }: NodeId): string => `${level}/${index}`;

export const toEntry = (log: LogName, row: EntryRow): LoggedEntry => ({
  index: Number(row.idx) - firstRowOf(log),
  eventId: row.event_id,
  type: row.type,
  actor: row.actor,
  at: row.at,
  body: row.body,
  leafHash: row.leaf_hash,
});
