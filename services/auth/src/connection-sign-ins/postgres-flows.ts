import type { Tx, Database } from '@conclave/postgres-kit';

/** A sign-in or sign-out under way at a provider. */
export interface Flow {
  readonly tenantId: string;
  readonly connectionId: string;
  readonly digest: Buffer;
  readonly purpose: 'sign-in' | 'sign-out';
  /** SAML's request id, or OAuth's state. */
  readonly requestId: string;
  readonly sealed: string | null;
  readonly returnTo: string;
  readonly expiresAt: Date;
}

export async function insertFlow(tx: Tx, flow: Flow): Promise<void> {
  await tx.query(
    `insert into connection_flow (tenant_id, digest, connection_id, purpose, request_id, sealed, return_to, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      flow.tenantId,
      flow.digest,
      flow.connectionId,
      flow.purpose,
      flow.requestId,
      flow.sealed,
      flow.returnTo,
      flow.expiresAt,
    ],
  );
}

/** The flow, which nobody takes again. */
export async function takeFlow(
  tx: Tx,
  {
    tenantId,
    connectionId,
    digest,
    purpose,
    now,
  }: Omit<Flow, 'requestId' | 'sealed' | 'returnTo' | 'expiresAt'> & { now: Date },
): Promise<Pick<Flow, 'requestId' | 'sealed' | 'returnTo'> | undefined> {
  return tx.one(
    `delete from connection_flow where tenant_id = $1 and connection_id = $2 and digest = $3 and expires_at > $4 and purpose = $5
     returning request_id as "requestId", sealed, return_to as "returnTo"`,
    [tenantId, connectionId, digest, now, purpose],
  );
}

/** Whether the assertion was not taken before. */
export async function takeAssertion(
  tx: Tx,
  row: { tenantId: string; connectionId: string; assertionId: string; expiresAt: Date },
): Promise<boolean> {
  const taken = await tx.one(
    `insert into saml_assertion (tenant_id, connection_id, assertion_id, expires_at) values ($1, $2, $3, $4)
     on conflict do nothing returning 1`,
    [row.tenantId, row.connectionId, row.assertionId, row.expiresAt],
  );
  return taken !== undefined;
}

/** Forgets flows and assertions that are of no use any more; a function of the database decides which. */
export async function sweepConnectionFlows(db: Database): Promise<void> {
  await db.system((tx) => tx.query('select sweep_connection_flows()'));
}
