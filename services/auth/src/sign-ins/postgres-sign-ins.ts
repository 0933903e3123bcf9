import type { Tx } from '@conclave/postgres-kit';
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
