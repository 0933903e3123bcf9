/** Finding entries: below the log, which only knows places, by what they are about. */
import type { audit } from '@conclave/contracts';
import type { Statements, Tx } from '@conclave/postgres-kit';
import { firstRowOf, PLACES, type LogName } from '../log/log-name.js';
import { ENTRY, toEntry, type EntryRow, type LoggedEntry } from '../log/postgres-log.js';
import { disclosuresOf } from './postgres-disclosures.js';
import { refsOf, type Disclosed } from './commit-personal.js';

export type EntryFilter = audit.EntryFilter;

/** An entry with what is disclosed of it. */
export interface FoundEntry extends LoggedEntry {
  readonly disclosed?: Disclosed;
}

/** Indices from `from` up to, not including, `to`. */
export interface EntryRange {
  readonly from: number;
  readonly to: number;
}

/** In byte order, behind everything that begins with the prefix. */
const behind = (prefix: string): string => `${prefix}\u{10ffff}`;

/** What the filter and the range ask of `entry e`. Each condition is one that an index answers, or narrows few rows. */
function conditions(log: LogName, filter: EntryFilter, { from, to }: EntryRange) {
  const first = firstRowOf(log);
  const params: unknown[] = [log.tenantId, first + from, first + Math.min(to, PLACES)];
  const parts = ['e.tenant_id = $1', 'e.idx >= $2', 'e.idx < $3'];
  const add = (sql: (...places: string[]) => string, ...values: unknown[]): void => {
    parts.push(sql(...values.map((value) => `$${params.push(value)}`)));
  };
  const { type, actor, about, since, until, text } = filter;
  if (type !== undefined)
    add((low, high) => `e.type collate "C" >= ${low} and e.type collate "C" < ${high}`, type, behind(type));
  if (about !== undefined)
    add((ref) => `e.idx in (select r.idx from entry_ref r where r.tenant_id = $1 and r.ref = ${ref})`, about);
  if (actor !== undefined) {
    add((who) => `e.actor = ${who}`, actor);
    add((ref) => `e.idx in (select r.idx from entry_ref r where r.tenant_id = $1 and r.ref = ${ref})`, actor);
  }
  if (since !== undefined) add((at) => `e.at >= ${at}`, new Date(since));
  if (until !== undefined) add((at) => `e.at < ${at}`, new Date(until));
  if (text !== undefined) {
    const found = 'select d.event_id from disclosure d where d.tenant_id = $1 and strpos(lower(d.data::text)';
    add((part) => `e.event_id in (${found}, lower(${part})) > 0)`, text);
  }
  return { where: parts.join(' and '), params };
}

/** Entries of the range that the filter lets through, in either order, with what they disclose. */
export async function findEntries(
  db: Statements,
  log: LogName,
  query: { filter: EntryFilter; range: EntryRange; order: 'asc' | 'desc'; limit: number },
): Promise<FoundEntry[]> {
  const { where, params } = conditions(log, query.filter, query.range);
  const rows = await db.query<EntryRow>(
    `select ${ENTRY} from entry e where ${where} order by e.idx ${query.order} limit $${params.length + 1}`,
    [...params, query.limit],
  );
  const disclosed = await disclosuresOf(
    db,
    log.tenantId,
    rows.map(({ event_id }) => event_id),
  );
  return rows.map((row) => ({
    ...toEntry(log, row),
    ...(disclosed.has(row.event_id) ? { disclosed: disclosed.get(row.event_id)! } : {}),
  }));
}

export async function countEntries(
  db: Statements,
  log: LogName,
  filter: EntryFilter,
  range: EntryRange,
): Promise<number> {
  const { where, params } = conditions(log, filter, range);
  const row = await db.one<{ n: string }>(`select count(*) n from entry e where ${where}`, params);
  return Number(row!.n);
}

/** Makes the next entries findable by the ids they name. @returns how many it were */
export async function indexEntries(tx: Tx, tenantId: string, limit: number): Promise<number> {
  await tx.query('insert into search_head (tenant_id, next_idx) values ($1, 0) on conflict do nothing', [tenantId]);
  const head = await tx.one<{ next_idx: string }>(
    'select next_idx from search_head where tenant_id = $1 for update skip locked',
    [tenantId],
  );
  if (!head) return 0;
  const entries = await tx.query<{ idx: string; actor: string; body: Buffer }>(
    'select idx, actor, body from entry where tenant_id = $1 and idx >= $2 order by idx limit $3',
    [tenantId, head.next_idx, limit],
  );
  if (entries.length === 0) return 0;
  const rows = entries.flatMap((entry) => refsOf(entry).map((ref) => ({ ref, idx: entry.idx })));
  await tx.query('insert into entry_ref (tenant_id, ref, idx) select $1, * from unnest($2::text[], $3::bigint[])', [
    tenantId,
    rows.map(({ ref }) => ref),
    rows.map(({ idx }) => idx),
  ]);
  await tx.query('update search_head set next_idx = $2 where tenant_id = $1', [
    tenantId,
    Number(entries.at(-1)!.idx) + 1,
  ]);
  return entries.length;
}

/** The row of the first entry that is not older than the cutoff, in whichever log; behind the last when all are. */
export async function firstRowSince(db: Statements, tenantId: string, cutoff: Date): Promise<number> {
  const row = await db.one<{ idx: string }>(
    `select coalesce((select min(idx) from entry where tenant_id = $1 and at >= $2),
       (select max(idx) + 1 from entry where tenant_id = $1), 0) as idx`,
    [tenantId, cutoff],
  );
  return Number(row!.idx);
}
