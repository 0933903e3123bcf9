/** Which subjects were erased, and the texts of deliveries that name them. */
import type { Tx } from '@conclave/postgres-kit';

/** An event is of before an erasure by clocks that differ by this much. */
const CLOCKS_DIFFER = '10 seconds';

/** Until the transaction ends nothing is erased (`shared`), or nothing personal is enqueued, in this tenant. */
const lock = (tx: Tx, tenantId: string, { shared }: { shared: boolean }) =>
  tx.query(`select pg_advisory_xact_lock${shared ? '_shared' : ''}(hashtextextended($1, 0))`, [
    `erasures of ${tenantId}`,
  ]);

/** Whether a text of that moment names somebody who was erased since. */
export async function namesErased(
  tx: Tx,
  tenantId: string,
  { body, at }: { readonly body: string; readonly at: string },
): Promise<boolean> {
  await lock(tx, tenantId, { shared: true });
  const row = await tx.one(
    `select from erased_subject where tenant_id = $1 and at >= $2::timestamptz - interval '${CLOCKS_DIFFER}'
       and strpos($3, to_json(subject)::text) > 0 limit 1`,
    [tenantId, at, body],
  );
  return row !== undefined;
}

/** Notes the erasure. @returns deliveries of the types that name the subject, whatever became of them */
export async function eraseSubject(
  tx: Tx,
  tenantId: string,
  { subject, at, types }: { readonly subject: string; readonly at: string; readonly types: readonly string[] },
): Promise<{ id: string; type: string; body: string }[]> {
  await lock(tx, tenantId, { shared: false });
  await tx.query(
    `insert into erased_subject (tenant_id, subject, at) values ($1, $2, $3)
     on conflict (tenant_id, subject) do update set at = greatest(erased_subject.at, excluded.at)`,
    [tenantId, subject, at],
  );
  return tx.query(
    `select id, type, body from delivery
     where tenant_id = $1 and type = any($3) and strpos(body, to_json($2::text)::text) > 0 for update`,
    [tenantId, subject, types],
  );
}

export async function replaceBody(tx: Tx, tenantId: string, id: string, body: string): Promise<void> {
  await tx.query('update delivery set body = $3 where tenant_id = $1 and id = $2', [tenantId, id, body]);
}
