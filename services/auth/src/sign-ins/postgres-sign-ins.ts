import type { ReplyOf, signIns } from '@conclave/contracts';
import { pageOf, type Database, type Tx } from '@conclave/postgres-kit';
import { IsNull, LessThan, MoreThan, Not } from 'typeorm';
import { SignInEntity } from './sign-in.entity.js';

/** A sign-in as its owner sees it, but for whether it is the one at hand. */
export type SignIn = Omit<ReplyOf<typeof signIns.revokeSignIn>, 'current'>;
/** Open sign-ins that something ends together. */
export type WhichSignIns =
  | { readonly id: string }
  | { readonly apiKeyId: string }
  | { readonly connectionId: string; readonly principalId?: string }
  | { readonly passkeyId: string }
  /** `but`: all except that one. */
  | { readonly principalId: string; readonly but?: string | undefined }
  | { readonly principalId: string; readonly workspaceId: string };

export async function insertSignIn(tx: Tx, signIn: Omit<SignInEntity, 'endedAt'>): Promise<void> {
  await tx.entities.insert(SignInEntity, signIn);
}

/** The workspace a principal signs in to: the one asked for, or the first they belong to; undefined when there is none. */
export async function workspaceOf(
  tx: Tx,
  { tenantId, principalId, workspaceId }: { tenantId: string; principalId: string; workspaceId?: string | undefined },
): Promise<string | undefined> {
  const row = await tx.one<{ workspace_id: string }>(
    `select m.workspace_id from membership m join principal p on p.tenant_id = m.tenant_id and p.id = m.principal_id
     where m.tenant_id = $1 and m.principal_id = $2 and m.workspace_id = coalesce($3, m.workspace_id)
       and m.disabled_at is null and p.disabled_at is null
     order by m.created_at, m.workspace_id limit 1`,
    [tenantId, principalId, workspaceId ?? null],
  );
  return row?.workspace_id;
}

/** A principal's open sign-ins, newest first; only those of one workspace when it is named. */
export async function pageOfSignIns(
  tx: Tx,
  whose: { tenantId: string; principalId: string; workspaceId?: string },
  { limit, after }: { limit: number; after?: string | undefined },
): Promise<{ items: SignIn[]; next?: string }> {
  const rows = await tx.entities.find(SignInEntity, {
    where: {
      ...whose,
      endedAt: IsNull(),
      expiresAt: MoreThan(new Date()),
      ...(after === undefined ? {} : { id: LessThan(after) }),
    },
    order: { id: 'DESC' },
    take: limit + 1,
  });
  return pageOf(rows.map(viewOf), limit);
}

/** An open sign-in of the tenant, locked until the transaction ends. */
export async function lockSignIn(tx: Tx, tenantId: string, id: string): Promise<SignInEntity | undefined> {
  const row = await tx.entities.findOne(SignInEntity, {
    where: { tenantId, id, endedAt: IsNull() },
    lock: { mode: 'pessimistic_write' },
  });
  return row ?? undefined;
}

/** Marks what is left of these sign-ins as ended. @returns their ids, oldest first */
export async function markSignInsEnded(tx: Tx, tenantId: string, which: WhichSignIns, at: Date): Promise<string[]> {
  const { but, ...those } = { but: undefined, ...which };
  const where = { ...(but === undefined ? {} : { id: Not(but) }), ...those, tenantId, endedAt: IsNull() };
  const open = await tx.entities.find(SignInEntity, { select: { id: true }, where, order: { id: 'ASC' } });
  await tx.entities.update(SignInEntity, where, { endedAt: at });
  return open.map(({ id }) => id);
}

/** Ids of a principal's open sign-ins but for the newest `kept`. */
export async function oldestSignIns(
  tx: Tx,
  { tenantId, principalId, kept }: { tenantId: string; principalId: string; kept: number },
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from sign_in where tenant_id = $1 and principal_id = $2 and ended_at is null and expires_at > now()
     order by id desc offset $3`,
    [tenantId, principalId, kept],
  );
  return rows.map(({ id }) => id);
}

export async function touchSignIn(tx: Tx, tenantId: string, id: string, at: Date): Promise<void> {
  await tx.entities.update(SignInEntity, { tenantId, id }, { lastUsedAt: at });
}

/** What providers have to be told to end a person's sign-ins names the person. */
export async function eraseProviderWords(tx: Tx, tenantId: string, principalId: string): Promise<void> {
  await tx.query(
    'update sign_in set provider_sealed = null where tenant_id = $1 and principal_id = $2 and provider_sealed is not null',
    [tenantId, principalId],
  );
}

/** Forgets sign-ins that ended long ago; a function of the database decides which. */
export async function sweepSignIns(db: Database): Promise<void> {
  await db.system((tx) => tx.query('select sweep_sign_ins()'));
}

export const viewOf = (row: SignInEntity): SignIn => ({
  id: row.id,
  principal: row.principalId,
  workspace: row.workspaceId,
  method: row.method,
  factors: row.factors,
  authenticatedAt: row.authenticatedAt.toISOString(),
  lastUsedAt: row.lastUsedAt.toISOString(),
  expiresAt: row.expiresAt.toISOString(),
});
