/**
 * What programs asked for before anybody knows whom: device codes, authorizations on their way through a browser, pushed
 * requests. Each is found by the digest of a secret only, so no tenant is told apart here.
 */
import type { Statements, Tx } from '@conclave/postgres-kit';

export type RequestKind = 'device' | 'interaction' | 'pushed';
export type Payload = Readonly<Record<string, unknown>>;

interface RequestRow {
  readonly payload: Payload;
  readonly consumed_at: Date | null;
}

const stored = ({ payload, consumed_at: at }: RequestRow): Payload => ({
  ...payload,
  ...(at ? { consumed: Math.floor(at.getTime() / 1_000) } : {}),
});

export interface NewRequest {
  readonly kind: RequestKind;
  readonly digest: Buffer;
  readonly userCode?: Buffer;
  readonly payload: Payload;
  readonly lifetimeS: number;
}

/** Keeps what is new; what is there already is not written over. */
export async function insertRequest(db: Statements, request: NewRequest): Promise<void> {
  await db.query(
    `insert into oauth_request (kind, digest, user_code, payload, created_at, expires_at)
     values ($1, $2, $3, $4, now(), now() + $5 * interval '1 s') on conflict (kind, digest) do nothing`,
    [request.kind, request.digest, request.userCode ?? null, JSON.stringify(request.payload), request.lifetimeS],
  );
}

export async function findRequest(db: Statements, kind: RequestKind, digest: Buffer): Promise<Payload | undefined> {
  const row = await db.one<RequestRow>(
    'select payload, consumed_at from oauth_request where kind = $1 and digest = $2',
    [kind, digest],
  );
  return row && stored(row);
}

/** A device code that its program asks about, and whether it asked too soon after the time before. */
export async function pollDevice(
  db: Statements,
  digest: Buffer,
  everyMs: number,
): Promise<{ readonly payload: Payload; readonly tooSoon: boolean } | undefined> {
  const row = await db.one<RequestRow & { too_soon: boolean }>(
    `with before as (select digest, polled_at from oauth_request where kind = 'device' and digest = $1 for update)
     update oauth_request r set polled_at = now() from before where r.kind = 'device' and r.digest = before.digest
     returning r.payload, r.consumed_at,
       coalesce(before.polled_at > now() - $2 * interval '1 ms', false) and r.decided_at is null as too_soon`,
    [digest, everyMs],
  );
  return row && { payload: stored(row), tooSoon: row.too_soon };
}

/** Whether this is the first time. */
export async function consumeRequest(db: Statements, kind: RequestKind, digest: Buffer): Promise<boolean> {
  const rows = await db.query(
    `update oauth_request set consumed_at = now() where kind = $1 and digest = $2 and consumed_at is null returning 1 as done`,
    [kind, digest],
  );
  return rows.length > 0;
}

/** Whether it was there. */
export async function deleteRequest(db: Statements, kind: RequestKind, digest: Buffer): Promise<boolean> {
  const rows = await db.query('delete from oauth_request where kind = $1 and digest = $2 returning 1 as done', [
    kind,
    digest,
  ]);
  return rows.length > 0;
}

/** A request that waits for a person's answer. */
export interface WaitingRequest {
  readonly digest: Buffer;
  readonly payload: Payload;
  readonly createdAt: Date;
  readonly expiresAt: Date;
}

/** The request that waits behind a user code or id, held until the transaction ends. */
export const lockWaiting = (
  tx: Tx,
  kind: 'device' | 'interaction',
  digest: Buffer,
): Promise<WaitingRequest | undefined> =>
  tx.one<WaitingRequest>(
    `select digest, payload, created_at as "createdAt", expires_at as "expiresAt" from oauth_request
     where kind = $1 and ${kind === 'device' ? 'user_code' : 'digest'} = $2 and decided_at is null and consumed_at is null
       and expires_at > now() for update`,
    [kind, digest],
  );

/** Writes a person's answer into a request that {@link lockWaiting} holds. */
export async function decideRequest(
  tx: Tx,
  kind: RequestKind,
  digest: Buffer,
  { answer, decision }: { readonly answer: Payload; readonly decision?: Buffer },
): Promise<void> {
  await tx.query(
    `update oauth_request set payload = payload || $3::jsonb, decided_at = now(), decision = $4
     where kind = $1 and digest = $2 and decided_at is null`,
    [kind, digest, JSON.stringify(answer), decision ?? null],
  );
}

/** What the browser that decided has to show. */
export async function decisionOf(db: Statements, digest: Buffer): Promise<Buffer | undefined> {
  const row = await db.one<{ decision: Buffer | null }>(
    `select decision from oauth_request where kind = 'interaction' and digest = $1 and expires_at > now()`,
    [digest],
  );
  return row?.decision ?? undefined;
}

/** Counts a wrong user code. */
export async function countWrongCode(
  tx: Tx,
  { tenantId, principalId }: { tenantId: string; principalId: string },
  digest: Buffer,
): Promise<void> {
  await tx.query(
    `insert into oauth_wrong_code (tenant_id, principal_id, digest, at) values ($1, $2, $3, now())
     on conflict (tenant_id, principal_id, digest) do update set at = now()`,
    [tenantId, principalId, digest],
  );
}

/** How many different wrong codes a person typed of late. */
export async function wrongCodes(
  tx: Tx,
  { tenantId, principalId }: { tenantId: string; principalId: string },
  withinMs: number,
): Promise<number> {
  const row = await tx.one<{ wrong: number }>(
    `select count(*)::int as wrong from oauth_wrong_code
     where tenant_id = $1 and principal_id = $2 and at > now() - $3 * interval '1 ms'`,
    [tenantId, principalId, withinMs],
  );
  return row!.wrong;
}
