/** Sessions and their messages, under their tenant. A message's answer is the result of its run: it is kept once. */
import { ConclaveError, type Session, type SessionMessage } from '@conclave/contracts';
import { pageBy, pageOf, type Actor, type Statements } from '@conclave/postgres-kit';
import { runStateOnWire, type RunState } from '@conclave/run-core';
import type { Json } from '../engine/agent-port.js';
import { cleanText } from '../engine/journal-form.js';
import { LIVE_RUN } from '../engine/state-lists.js';

interface SessionRow {
  readonly id: string;
  readonly title: string;
  readonly agent: Session['agent'];
  readonly workspace_id: string;
  readonly messages: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly archived_at: Date | null;
  readonly last_run: string | null;
  readonly active: boolean;
}

type Reader = Actor & { readonly workspaceId?: string };

const COLUMNS = `s.id, s.title, s.agent, s.workspace_id, s.messages, s.created_at, s.updated_at, s.archived_at,
  (select r.id from run r where r.tenant_id = s.tenant_id and r.session_id = s.id order by r.created_at desc limit 1) as last_run,
  exists (select from run r where r.tenant_id = s.tenant_id and r.session_id = s.id
    and r.state in ${LIVE_RUN}) as active`;

const toSession = (row: SessionRow): Session => ({
  ...{ id: row.id, title: row.title, state: row.active ? 'active' : 'idle', agent: row.agent },
  ...{ workspace: row.workspace_id, messages: row.messages },
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
  ...(row.last_run && { lastRun: row.last_run }),
  ...(row.archived_at && { archivedAt: row.archived_at.toISOString() }),
});

/** @throws ConclaveError `runtime.session.not-found` */
export async function readSession(db: Statements, { tenantId, workspaceId }: Reader, id: string): Promise<Session> {
  const row = await db.one<SessionRow>(
    `select ${COLUMNS} from session s where s.tenant_id = $1 and s.id = $2 and s.workspace_id = $3`,
    [tenantId, id, workspaceId ?? ''],
  );
  if (!row) throw new ConclaveError('runtime.session.not-found', { id });
  return toSession(row);
}

export async function listSessions(
  db: Statements,
  { tenantId, workspaceId }: Reader,
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: Session[]; next?: string }> {
  const rows = await db.query<SessionRow>(
    `select ${COLUMNS} from session s where s.tenant_id = $1 and s.workspace_id = $2 and s.archived_at is null
       and ($3::text is null or s.id < $3) order by s.id desc limit $4`,
    [tenantId, workspaceId ?? '', after ?? null, limit + 1],
  );
  return pageOf(rows.map(toSession), limit);
}

/** @throws ConclaveError `runtime.session.not-found` when there is none of the workspace that takes runs */
export async function mustTakeRuns(db: Statements, { tenantId, workspaceId }: Reader, id: string): Promise<void> {
  const session = await db.one(
    'select id from session where tenant_id = $1 and workspace_id = $2 and id = $3 and archived_at is null',
    [tenantId, workspaceId, id],
  );
  if (!session) throw new ConclaveError('runtime.session.not-found', { id });
}

/**
 * Takes the next number of a session's messages: whoever comes at the same time waits, also who archives it.
 *
 * @throws ConclaveError `runtime.session.archived`
 */
export async function nextMessage(tx: Statements, { tenantId }: Actor, id: string): Promise<number> {
  const row = await tx.one<{ no: number }>(
    `update session set messages = messages + 1, updated_at = clock_timestamp()
     where tenant_id = $1 and id = $2 and archived_at is null returning messages as no`,
    [tenantId, id],
  );
  if (!row) throw new ConclaveError('runtime.session.archived', { id });
  return row.no;
}

export async function insertMessage(
  tx: Statements,
  { tenantId, actor }: Actor,
  { session, no, text, run }: { session: string; no: number; text: string; run: string },
): Promise<void> {
  await tx.query(
    'insert into session_message (tenant_id, session_id, no, actor, text, run_id) values ($1, $2, $3, $4, $5, $6)',
    [tenantId, session, no, actor, cleanText(text), run],
  );
}

interface MessageRow {
  readonly no: number;
  readonly text: string;
  readonly actor: string;
  readonly at: Date;
  readonly run_id: string;
  readonly state: RunState;
  readonly result: Json | null;
}

/** Newest first, those before `before`. */
async function messagesBefore(
  db: Statements,
  {
    tenantId,
    session,
    before,
    limit,
  }: { tenantId: string; session: string; before: number | undefined; limit: number },
): Promise<SessionMessage[]> {
  const rows = await db.query<MessageRow>(
    `select m.no, m.text, m.actor, m.at, m.run_id, r.state, case r.state when 'completed' then r.result end as result
     from session_message m join run r on r.tenant_id = m.tenant_id and r.id = m.run_id
     where m.tenant_id = $1 and m.session_id = $2 and ($3::int is null or m.no < $3) order by m.no desc limit $4`,
    [tenantId, session, before ?? null, limit],
  );
  return rows.map(({ run_id, at, state, result, ...row }) => ({
    ...row,
    ...{ run: run_id, at: at.toISOString(), state: runStateOnWire[state] },
    ...(state === 'completed' && { reply: result as never }),
  }));
}

export async function pageOfMessages(
  db: Statements,
  tenantId: string,
  { id, limit, after }: { id: string; limit: number; after?: string | undefined },
): Promise<{ items: SessionMessage[]; next?: string }> {
  const before = after !== undefined && /^\d{1,9}$/.test(after) ? Number(after) : undefined;
  const found = await messagesBefore(db, { tenantId, session: id, before, limit: limit + 1 });
  return pageBy(found, limit, ({ no }) => String(no));
}

/** One thing that was said, by a person or by the agent. */
export interface Said {
  readonly role: 'user' | 'agent';
  readonly text: string;
}

/** The last `limit` messages of a session with what was answered, oldest first; of those before `before` when it is told. */
export async function historyOf(
  db: Statements,
  tenantId: string,
  session: string,
  { limit, before }: { readonly limit: number; readonly before?: number },
): Promise<Said[]> {
  const messages = await messagesBefore(db, { tenantId, session, before, limit });
  return messages
    .reverse()
    .flatMap(({ text, reply }): Said[] => [
      { role: 'user', text },
      ...(reply === undefined ? [] : [{ role: 'agent' as const, text: textOf(reply as Json) }]),
    ]);
}

function textOf(reply: Json): string {
  if (typeof reply === 'string') return reply;
  const text = typeof reply === 'object' && reply !== null ? (reply as { readonly text?: Json }).text : undefined;
  return typeof text === 'string' ? text : JSON.stringify(reply);
}
