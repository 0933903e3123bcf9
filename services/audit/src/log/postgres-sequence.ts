/**
 * Gives staged entries their places, those of many tenants in one transaction. Everything happens under the row locks of
 * `log`; entries, nodes and checkpoints are only ever inserted. Entries never leave Postgres on their way: one statement
 * takes them off the stage, numbers and hashes them, and answers with the hashes that the tree grows by.
 */
import { appendLeaves, rootOf, type TreeHead, type TreeNode } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { Database, type Tx } from '@conclave/postgres-kit';
import { CheckpointSigner } from './checkpoint-signer.js';
import { LogGuard } from './log-guard.js';
import { firstRowOf, rowOfNode, type LogName } from './log-name.js';
import { joinHashes } from './native-hashes.js';

/** Entries that one transaction places at most, and tenants that share it. */
const BATCH = 2_048;
const TENANTS = 64;
const HASH_BYTES = 32;
/** The least bigint: what opens a log is staged ahead of all that waits. */
const FIRST = '-9223372036854775808';

interface LogRow extends LogName {
  readonly size: number;
  readonly frontier: readonly Buffer[];
}

/** What of a log's stage got its place. */
interface PlacedRow {
  readonly tenant_id: string;
  /** How many left the stage, and which was the last. */
  readonly taken: number;
  readonly last: string;
  /** Of those that were new to the log, in their order; null when it held all of them: a producer was restored. */
  readonly leaves: Buffer | null;
  readonly types: readonly string[] | null;
}

/** What became of one log. */
interface Growth extends LogName {
  readonly head: TreeHead;
  readonly frontier: readonly Uint8Array[];
  readonly nodes: readonly TreeNode[];
}

/** What a round did with a tenant's stage. */
export interface Sequenced {
  readonly tenantId: string;
  /** How many entries left the stage. */
  readonly taken: number;
  readonly types: ReadonlySet<string>;
  /** Where it ended: what was staged before is off the stage, or was not committed yet. */
  readonly last: string;
}

/** What a round did. */
export interface Round {
  readonly sequenced: readonly Sequenced[];
  /** Whether another replica worked on one of the logs: what was staged behind its back still waits. */
  readonly busy: boolean;
}

/** Steps from tenant to tenant over the index, whatever each of them has waiting. */
const WAITING = `
with recursive waiting as (
  (select s.tenant_id from stage s where s.tenant_id > $1 order by s.tenant_id limit 1)
  union all
  select (select s.tenant_id from stage s where s.tenant_id > w.tenant_id order by s.tenant_id limit 1)
  from waiting w where w.tenant_id is not null
)
select tenant_id from waiting where tenant_id is not null limit ${TENANTS}`;

const LOCK = `
select tenant_id, number, size, (
  select string_agg(hash, '' order by nr) from unnest(frontier) with ordinality f (hash, nr)
) as frontier
from log where tenant_id = any ($1) order by tenant_id for update skip locked`;

/**
 * A tenant's stage is read by its index, up to the limit. Left to itself, Postgres plans for the small table of a moment
 * ago and sorts all of it, for every batch of a backlog.
 */
const BY_INDEX = `select set_config('enable_bitmapscan', 'off', true), set_config('enable_sort', 'off', true)`;

/**
 * Whether the log has an entry already (its producer was restored and stamped it again) is looked for by its key, one by
 * one. `$2` are the rows of the logs' next entries.
 */
const PLACE = `
with staged as materialized (
  select s.place
  from unnest($1::text[], $4::bigint[]) w (tenant_id, behind)
  cross join lateral (
    select ctid as place from stage where tenant_id = w.tenant_id and seq > w.behind order by seq limit $3
  ) s
), taken as (
  delete from stage where ctid = any (array(select place from staged))
  returning tenant_id, seq, event_id, type, actor, at, body
), fresh as (
  select t.*, row_number() over (partition by t.tenant_id order by t.seq) - 1 as nr
  from taken t
  where (select true from entry e where e.tenant_id = t.tenant_id and e.event_id = t.event_id) is null
), placed as (
  insert into entry (tenant_id, idx, event_id, type, actor, at, body, leaf_hash)
  select f.tenant_id, w.next + f.nr, f.event_id, f.type, f.actor, f.at, f.body, sha256('\\x00'::bytea || f.body)
  from fresh f join unnest($1::text[], $2::bigint[]) w (tenant_id, next) using (tenant_id)
  returning tenant_id, idx, type, leaf_hash
)
select t.tenant_id, t.taken, t.last, p.leaves, p.types
from (select tenant_id, count(*)::int as taken, max(seq) as last from taken group by tenant_id) t
left join (
  select tenant_id, string_agg(leaf_hash, '' order by idx) as leaves, array_agg(distinct type) as types
  from placed group by tenant_id
) p using (tenant_id)`;

const GROW = `
update log set size = n.size, frontier = array(
  select substr(n.frontier, 32 * i + 1, 32) from generate_series(0, octet_length(n.frontier) / 32 - 1) i order by i)
from unnest($1::text[], $2::bigint[], $3::bytea[]) n (tenant_id, size, frontier) where log.tenant_id = n.tenant_id`;

@Injectable()
export class PostgresSequence {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(CheckpointSigner) private readonly signer: CheckpointSigner,
    @Inject(LogGuard) private readonly guard: LogGuard,
  ) {}

  /** Some of the tenants whose stage is not empty, in their order, from behind `after` on. */
  async waitingTenants(after: string): Promise<string[]> {
    const rows = await this.db.system((tx) => tx.query<{ tenant_id: string }>(WAITING, [after]));
    return rows.map((row) => row.tenant_id);
  }

  /**
   * Gives what these tenants have staged its places and signs the new heads, all or nothing. Logs that another replica
   * works on, and those that are refused, are left as they are. A round that goes on with a long stage says behind which
   * entry: rows that have left are stepped over one by one until Postgres cleans up.
   */
  sequence(tenantIds: readonly string[], behind: ReadonlyMap<string, string> = new Map()): Promise<Round> {
    return this.db.system(async (tx) => {
      const locked = await this.lock(tx, tenantIds);
      const refused = await this.guard.check(tx, locked);
      const logs = locked.filter(({ tenantId }) => !refused.has(tenantId));
      const busy = locked.length < tenantIds.length;
      if (logs.length === 0) return { sequenced: [], busy };
      const [, rows] = await Promise.all([
        tx.query(BY_INDEX),
        tx.query<PlacedRow>(PLACE, [
          logs.map(({ tenantId }) => tenantId),
          logs.map((log) => firstRowOf(log) + log.size),
          Math.ceil(BATCH / logs.length),
          logs.map(({ tenantId }) => behind.get(tenantId) ?? FIRST),
        ]),
      ]);
      const placed = new Map(rows.map((row) => [row.tenant_id, row]));
      await this.write(
        tx,
        logs.flatMap((log) => grow(log, placed.get(log.tenantId)?.leaves)),
      );
      const sequenced = rows.map(({ tenant_id: tenantId, taken, types, last }) => ({
        ...{ tenantId, taken, types: new Set(types), last },
      }));
      return { sequenced, busy };
    });
  }

  /** Locks the logs, those that are new included; one that another replica has locked is left to it. */
  private async lock(tx: Tx, tenantIds: readonly string[]): Promise<LogRow[]> {
    const found = await lockLogs(tx, tenantIds);
    const missing = tenantIds.filter((id) => !found.some(({ tenantId }) => tenantId === id));
    if (missing.length === 0) return found;
    await tx.query(
      'insert into log (tenant_id, origin) select * from unnest($1::text[], $2::text[]) on conflict do nothing',
      [missing, missing.map((tenantId) => this.signer.originOf({ tenantId, number: 1 }))],
    );
    return [...found, ...(await lockLogs(tx, missing))];
  }

  private async write(tx: Tx, grown: readonly Growth[]): Promise<void> {
    if (grown.length === 0) return;
    const nodes = grown.flatMap(({ nodes: all, ...log }) =>
      all
        .filter(({ level }) => level > 0 && level % 8 === 0)
        .map((node) => ({ ...node, tenantId: log.tenantId, row: rowOfNode(log, node) })),
    );
    const tenants = grown.map(({ tenantId }) => tenantId);
    await Promise.all([
      nodes.length > 0 &&
        tx.query(
          'insert into node (tenant_id, level, idx, hash) select * from unnest($1::text[], $2::smallint[], $3::bigint[], $4::bytea[])',
          [
            nodes.map((n) => n.tenantId),
            nodes.map((n) => n.level),
            nodes.map((n) => n.row),
            nodes.map((n) => Buffer.from(n.hash)),
          ],
        ),
      tx.query(
        'insert into checkpoint (tenant_id, size, root, note) select * from unnest($1::text[], $2::bigint[], $3::bytea[], $4::text[])',
        [
          tenants,
          grown.map(({ head, ...log }) => firstRowOf(log) + head.size),
          grown.map(({ head }) => Buffer.from(head.root)),
          grown.map(({ head, ...log }) => this.signer.sign(log, head)),
        ],
      ),
      tx.query(GROW, [
        tenants,
        grown.map(({ head }) => head.size),
        grown.map(({ frontier }) => Buffer.concat(frontier)),
      ]),
    ]);
  }
}

async function lockLogs(tx: Tx, tenantIds: readonly string[]): Promise<LogRow[]> {
  const rows = await tx.query<{ tenant_id: string; number: number; size: string; frontier: Buffer | null }>(LOCK, [
    tenantIds,
  ]);
  return rows.map(({ tenant_id: tenantId, number, size, frontier }) => ({
    ...{ tenantId, number, size: Number(size) },
    frontier: frontier === null ? [] : hashesIn(frontier),
  }));
}

/** Hashes that follow each other. */
const hashesIn = (bytes: Buffer): Buffer[] =>
  Array.from({ length: bytes.length / HASH_BYTES }, (_, at) => bytes.subarray(HASH_BYTES * at, HASH_BYTES * (at + 1)));

/** The log with these leaves appended; nothing when there are none. */
function grow({ tenantId, number, size, frontier }: LogRow, leaves: Buffer | null = null): Growth[] {
  if (leaves === null) return [];
  const grown = appendLeaves({ size, hashes: frontier }, hashesIn(leaves), joinHashes);
  const head = { size: grown.frontier.size, root: rootOf(grown.frontier) };
  return [{ tenantId, number, head, frontier: grown.frontier.hashes, nodes: grown.nodes }];
}
