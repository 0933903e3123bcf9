/**
 * Gives staged entries their places, those of many tenants in one transaction. Everything happens under the row locks of
 * `log`; entries, nodes and checkpoints are only ever inserted. Staged rows are named by their place in the table, which
 * none of them changes: no plan of Postgres can make that slow, however large the stage is and however old its figures.
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

interface LogRow extends LogName {
  readonly size: number;
  readonly frontier: readonly Buffer[];
}

interface StageRow {
  readonly tenant_id: string;
  readonly place: string;
  readonly type: string;
  readonly leaf_hash: Buffer;
  /** True when the log holds it already: its producer was restored and stamped it again. */
  readonly logged: true | null;
}

/** What became of one log. */
interface Growth extends LogName {
  readonly head: TreeHead;
  readonly frontier: readonly Uint8Array[];
  readonly nodes: readonly TreeNode[];
  readonly staged: readonly StageRow[];
  readonly from: number;
}

/** What a round did with a tenant's stage. */
export interface Sequenced {
  readonly tenantId: string;
  /** How many entries left the stage. */
  readonly taken: number;
  readonly types: ReadonlySet<string>;
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
select tenant_id, number, size, frontier from log where tenant_id = any ($1) order by tenant_id for update skip locked`;

/** One by one each entry is looked for by its key: joined, a plan made while the table was small would read all of it. */
const STAGED = `
select w.tenant_id, s.place, s.type, s.leaf_hash,
  (select true from entry e where e.tenant_id = w.tenant_id and e.event_id = s.event_id) as logged
from unnest($1::text[]) w (tenant_id)
cross join lateral (
  select ctid::text as place, seq, event_id, type, sha256('\\x00'::bytea || body) as leaf_hash
  from stage where tenant_id = w.tenant_id order by seq limit $2
) s
order by w.tenant_id, s.seq`;

const PLACE = `
with taken as (
  delete from stage where ctid = any ($1::tid[]) returning ctid as place, tenant_id, event_id, type, actor, at, body
)
insert into entry (tenant_id, idx, event_id, type, actor, at, body, leaf_hash)
select t.tenant_id, n.idx, t.event_id, t.type, t.actor, t.at, t.body, n.leaf_hash
from taken t join unnest($1::tid[], $2::bigint[], $3::bytea[]) n (place, idx, leaf_hash) using (place)`;

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
   * works on, and those that are refused, are left as they are.
   */
  sequence(tenantIds: readonly string[]): Promise<Sequenced[]> {
    return this.db.system(async (tx) => {
      const locked = await this.lock(tx, tenantIds);
      const refused = await this.guard.check(tx, locked);
      const logs = locked.filter(({ tenantId }) => !refused.has(tenantId));
      if (logs.length === 0) return [];
      const limit = Math.ceil(BATCH / logs.length);
      const rows = await tx.query<StageRow>(STAGED, [logs.map(({ tenantId }) => tenantId), limit]);
      const stagedBy = Map.groupBy(rows, (row) => row.tenant_id);
      const grown = logs.flatMap((log) => grow(log, stagedBy.get(log.tenantId)));
      await this.write(
        tx,
        grown,
        rows.filter(({ logged }) => logged),
      );
      return [...stagedBy].map(([tenantId, staged]) => ({
        tenantId,
        taken: staged.length,
        types: new Set(staged.map(({ type }) => type)),
      }));
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

  private async write(tx: Tx, grown: readonly Growth[], logged: readonly StageRow[]): Promise<void> {
    const entries = grown.flatMap(({ staged, from, ...log }) =>
      staged.map((row, at) => ({ ...row, idx: firstRowOf(log) + from + at })),
    );
    const nodes = grown.flatMap(({ nodes: all, ...log }) =>
      all
        .filter(({ level }) => level > 0 && level % 8 === 0)
        .map((node) => ({ ...node, tenantId: log.tenantId, row: rowOfNode(log, node) })),
    );
    const tenants = grown.map(({ tenantId }) => tenantId);
    await Promise.all([
      logged.length > 0 &&
        tx.query('delete from stage where ctid = any ($1::tid[])', [logged.map(({ place }) => place)]),
      entries.length > 0 &&
        tx.query(PLACE, [entries.map((e) => e.place), entries.map((e) => e.idx), entries.map((e) => e.leaf_hash)]),
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
      grown.length > 0 &&
        tx.query(
          'insert into checkpoint (tenant_id, size, root, note) select * from unnest($1::text[], $2::bigint[], $3::bytea[], $4::text[])',
          [
            tenants,
            grown.map(({ head, ...log }) => firstRowOf(log) + head.size),
            grown.map(({ head }) => Buffer.from(head.root)),
            grown.map(({ head, ...log }) => this.signer.sign(log, head)),
          ],
        ),
      grown.length > 0 &&
        tx.query(GROW, [
          tenants,
          grown.map(({ head }) => head.size),
          grown.map(({ frontier }) => Buffer.concat(frontier)),
        ]),
    ]);
  }
}

async function lockLogs(tx: Tx, tenantIds: readonly string[]): Promise<LogRow[]> {
  const rows = await tx.query<{ tenant_id: string; number: number; size: string; frontier: Buffer[] }>(LOCK, [
    tenantIds,
  ]);
  return rows.map(({ tenant_id, size, ...row }) => ({ ...row, tenantId: tenant_id, size: Number(size) }));
}

/** The log with its staged entries appended; nothing when none of them is new. */
function grow({ tenantId, number, size, frontier }: LogRow, rows: readonly StageRow[] = []): Growth[] {
  const staged = rows.filter(({ logged }) => !logged);
  if (staged.length === 0) return [];
  const grown = appendLeaves(
    { size, hashes: frontier },
    staged.map((row) => row.leaf_hash),
    joinHashes,
  );
  const head = { size: grown.frontier.size, root: rootOf(grown.frontier) };
  return [{ tenantId, number, head, frontier: grown.frontier.hashes, nodes: grown.nodes, staged, from: size }];
}
