import type { Database, Tx } from '@conclave/postgres-kit';
import { IsNull } from 'typeorm';
import { SignInEntity } from './sign-in.entity.js';

export async function insertSignIn(tx: Tx, signIn: Omit<SignInEntity, 'endedAt'>): Promise<void> {
  await tx.entities.insert(SignInEntity, signIn);
}

/** Ends one sign-in; false when it had ended already. */
export async function endSignIn(tx: Tx, tenantId: string, id: string, at: Date): Promise<boolean> {
  const { affected } = await tx.entities.update(SignInEntity, { tenantId, id, endedAt: IsNull() }, { endedAt: at });
  return affected === 1;
}

/** Ends all but the key's newest `kept` sign-ins. @returns the ids of those that ended */
export async function endOldestSignIns(
  tx: Tx,
  { tenantId, apiKeyId, kept, at }: { tenantId: string; apiKeyId: string; kept: number; at: Date },
): Promise<string[]> {
  const rows = await tx.query<{ id: string }>(
    `update sign_in set ended_at = $4 where tenant_id = $1 and id in (
       select id from sign_in where tenant_id = $1 and api_key_id = $2 and ended_at is null and expires_at > $4
       order by id desc offset $3)
     returning id`,
    [tenantId, apiKeyId, kept, at],
  );
  return rows.map(({ id }) => id);
}

/** Forgets sign-ins that ended long ago; a function of the database decides which. */
export async function sweepSignIns(db: Database): Promise<void> {
  await db.system((tx) => tx.query('select sweep_sign_ins()'));
}

/** Ends what is left of a key's sign-ins. @returns their ids */
export async function endSignInsOf(tx: Tx, tenantId: string, apiKeyId: string, at: Date): Promise<string[]> {
  const open = await tx.entities.find(SignInEntity, {
    select: { id: true },
    where: { tenantId, apiKeyId, endedAt: IsNull() },
    order: { id: 'ASC' },
  });
  await tx.entities.update(SignInEntity, { tenantId, apiKeyId, endedAt: IsNull() }, { endedAt: at });
  return open.map(({ id }) => id);
}
