/** Rows of triggers, under their tenant. */
import {
  ConclaveError,
  events,
  newId,
  type CreateRunRequest,
  type Trigger,
  type TriggerSource,
} from '@conclave/contracts';
import { pageOf, type Actor, type Statements, type Tx } from '@conclave/postgres-kit';
import type { Json } from '../engine/agent-port.js';
import { cleanText, journalJson } from '../engine/journal-form.js';

export interface TriggerRow {
  readonly tenant_id: string;
  readonly id: string;
  readonly workspace_id: string;
  readonly title: string;
  readonly owner: string;
  readonly owner_disabled: boolean;
  /** The key or the connection beneath what it was made or last changed with. */
  readonly root_credential: string | null;
  readonly enabled: boolean;
  readonly source: TriggerSource;
  readonly template: CreateRunRequest;
  readonly secret_sealed: string | null;
  readonly next_at: Date | null;
  readonly fired_at: Date | null;
  readonly last_run_id: string | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

/** Who reads, and where. */
export type Reader = Actor & { readonly workspaceId?: string };

export const toTrigger = (row: TriggerRow): Trigger => ({
  ...{ id: row.id, title: row.title, enabled: row.enabled, on: row.source, run: row.template },
  ...{ workspace: row.workspace_id, owner: row.owner },
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  ...(row.next_at && { nextAt: row.next_at.toISOString() }),
  ...(row.fired_at && { firedAt: row.fired_at.toISOString() }),
  ...(row.last_run_id && { lastRun: row.last_run_id }),
  ...(row.source.kind === 'webhook' && { path: `/v1/hooks/${row.id}` }),
});

/** What a trigger listens for: the type of a platform event, or `key:` and the key of a sent one. */
export const topicOf = (source: TriggerSource): string | undefined => {
  if (source.kind !== 'event') return undefined;
  return 'event' in source ? source.event : keyTopic(source.key);
};
export const keyTopic = (key: string): string => `key:${key}`;

/** Topics of what this service tells of runs itself. */
export const RUN_ENDS: readonly string[] = [events.runCompleted.type, events.runFailed.type];
export const hearsRunEnds = (source: TriggerSource): boolean => RUN_ENDS.includes(topicOf(source) ?? '');

export type Written = Pick<
  TriggerRow,
  'title' | 'owner' | 'root_credential' | 'enabled' | 'source' | 'template' | 'next_at'
>;

/** Whether the owner's membership has ended: the request may have been on its way meanwhile. */
const departed = (workspace: string, owner: string): string => `exists (select from departed_member d
  where d.tenant_id = $1 and d.workspace_id = ${workspace} and d.principal_id = ${owner})`;
/** Whether nothing is started any more with what it is made with, likewise. */
const distrusted = (root: string): string =>
  `exists (select from distrusted_credential d where d.tenant_id = $1 and d.credential_id = ${root})`;

export async function insertTrigger(
  tx: Tx,
  at: { tenantId: string; workspaceId: string; id: string; secretSealed: string | undefined },
  { title, owner, root_credential, enabled, source, template, next_at }: Written,
): Promise<TriggerRow> {
  const row = await tx.one<TriggerRow>(
    `insert into trigger (tenant_id, id, workspace_id, title, owner, enabled, kind, source, template, secret_sealed, topic, next_at,
       root_credential, owner_disabled)
     select $1, $2, $3, $4, $5, $6 and trusted, $7, $8, $9, $10, $11, case when trusted then $12::timestamptz end, $13,
       ${departed('$3', '$5')}
     from (select not ${distrusted('$13')} as trusted) made returning *`,
    [
      ...[at.tenantId, at.id, at.workspaceId, title, owner, enabled, source.kind, journalJson(source)],
      ...[journalJson(template), at.secretSealed ?? null, topicOf(source) ?? null, next_at, root_credential],
    ],
  );
  return row!;
}

export async function updateTrigger(
  tx: Tx,
  key: Pick<TriggerRow, 'tenant_id' | 'id'>,
  to: Written,
): Promise<TriggerRow> {
  const row = await tx.one<TriggerRow>(
    `update trigger set title = $3, owner = $4, enabled = $5 and trusted, source = $6, template = $7, topic = $8,
       next_at = case when trusted then $9::timestamptz end, root_credential = $10,
       owner_disabled = ${departed('trigger.workspace_id', '$4')}, updated_at = clock_timestamp()
     from (select not ${distrusted('$10')} as trusted) made
     where tenant_id = $1 and id = $2 returning trigger.*`,
    [
      ...[key.tenant_id, key.id, to.title, to.owner, to.enabled, journalJson(to.source), journalJson(to.template)],
      ...[topicOf(to.source) ?? null, to.next_at, to.root_credential],
    ],
  );
  return row!;
}

/** @throws ConclaveError `runtime.trigger.not-found` */
export async function readTrigger(
  db: Statements,
  { tenantId, workspaceId }: Reader,
  id: string,
  lock = false,
): Promise<TriggerRow> {
  const row = await db.one<TriggerRow>(
    `select * from trigger where tenant_id = $1 and id = $2 and ($3::text is null or workspace_id = $3) ${lock ? 'for no key update' : ''}`,
    [tenantId, id, workspaceId ?? null],
  );
  if (!row) throw new ConclaveError('runtime.trigger.not-found', { id });
  return row;
}

export async function listTriggers(
  db: Statements,
  { tenantId, workspaceId }: Reader,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Trigger[]; next?: string }> {
  const rows = await db.query<TriggerRow>(
    `select * from trigger where tenant_id = $1 and workspace_id = $2 and ($3::text is null or id < $3) order by id desc limit $4`,
    [tenantId, workspaceId ?? '', after ?? null, limit + 1],
  );
  return pageOf(rows.map(toTrigger), limit);
}

/** Turns off what was made or last changed with a credential. @returns which that were */
export async function turnOff(tx: Tx, tenantId: string, credential: string): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update trigger set enabled = false, next_at = null, updated_at = clock_timestamp()
     where tenant_id = $1 and root_credential = $2 and enabled returning id`,
    [tenantId, credential],
  );
  return rows.map(({ id }) => id).sort();
}

/** How many others the workspace has; nobody adds one until the transaction ends. */
export async function countOthers(
  tx: Tx,
  { tenantId, workspaceId }: Reader,
  id: string,
): Promise<{ readonly all: number; readonly of_run_ends: number }> {
  await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`triggers of ${tenantId}/${workspaceId}`]);
  const row = await tx.one<{ all: number; of_run_ends: number }>(
    `select count(*)::int as all, (count(*) filter (where topic = any($4)))::int as of_run_ends
     from trigger where tenant_id = $1 and workspace_id = $2 and id <> $3`,
    [tenantId, workspaceId, id, RUN_ENDS],
  );
  return row!;
}

/** The triggers that an event may fire; of one from a log, those made after it are not among them. */
export function triggersOf(
  db: Statements,
  {
    tenantId,
    topic,
    workspaceId,
    heardAt,
  }: { tenantId: string; topic: string; workspaceId: string | undefined; heardAt: Date | undefined },
): Promise<TriggerRow[]> {
  return db.query<TriggerRow>(
    `select * from trigger where tenant_id = $1 and topic = $2 and enabled and ($3::text is null or workspace_id = $3)
       and ($4::timestamptz is null or created_at <= $4) order by id`,
    [tenantId, topic, workspaceId ?? null, heardAt ?? null],
  );
}

export interface Failure {
  readonly key: string;
  readonly code: string;
  readonly reason: string;
  readonly firing: Json;
}

/** Keeps a dead letter; of the same firing there is one, with how often it was tried. */
export async function bury(
  tx: Tx,
  { tenant_id, id }: TriggerRow,
  { key, code, reason, firing }: Failure,
): Promise<void> {
  await tx.query(
    `insert into trigger_failure as f (tenant_id, trigger_id, id, key, code, reason, firing) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (tenant_id, trigger_id, key) do update set attempts = f.attempts + 1, code = excluded.code,
       reason = excluded.reason, at = clock_timestamp()`,
    [tenant_id, id, newId('event'), cleanText(key), code, cleanText(reason).slice(0, 2_000), journalJson(firing)],
  );
}

export async function listFailures(
  db: Statements,
  { tenantId }: Reader,
  { id, limit, after }: { id: string; limit: number; after?: string | undefined },
) {
  const rows = await db.query<Failure & { id: string; attempts: number; at: Date }>(
    `select id, key, code, reason, firing, attempts, at from trigger_failure
     where tenant_id = $1 and trigger_id = $2 and ($3::text is null or id < $3) order by id desc limit $4`,
    [tenantId, id, after ?? null, limit + 1],
  );
  return pageOf(
    rows.map(({ at, firing, ...row }) => ({ ...row, at: at.toISOString(), firing: firing as Record<string, never> })),
    limit,
  );
}
