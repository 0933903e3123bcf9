import type { Tx } from '@conclave/postgres-kit';

export interface TakenLogout {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly messageId: string;
  readonly expiresAt: Date;
}

/** Whether the order was not taken before. */
export async function takeLogout(tx: Tx, row: TakenLogout): Promise<boolean> {
  const taken = await tx.one(
    `insert into provider_logout (tenant_id, connection_id, message_id, expires_at) values ($1, $2, $3, $4)
     on conflict do nothing returning 1`,
    [row.tenantId, row.connectionId, row.messageId, row.expiresAt],
  );
  return taken !== undefined;
}

/** What a provider's sign-out ends, and the column that says when it was over. */
const ENDS_IN = { sign_in: 'ended_at', oauth_grant: 'revoked_at' } as const;

/**
 * Sign-ins a connection opened, or what programs were allowed under such, which outlives them: those that stand, by the
 * digests of what the provider calls the person, the sessions, or both.
 */
export async function knownAs(
  tx: Tx,
  what: keyof typeof ENDS_IN,
  of: { tenantId: string; connectionId: string; subject: Buffer | null; sessions: readonly Buffer[] | null },
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `select id from ${what} where tenant_id = $1 and connection_id = $2 and ${ENDS_IN[what]} is null
       and ($3::bytea is null or provider_subject = $3) and ($4::bytea[] is null or provider_session = any($4))
       and ($3::bytea is not null or $4::bytea[] is not null)
     order by id for update`,
    [of.tenantId, of.connectionId, of.subject, of.sessions],
  );
  return rows.map(({ id }) => id);
}
