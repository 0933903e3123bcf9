import { ConclaveError, events } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';

/**
 * Has all end that was started with a key or through a connection, or with what was opened so, whoever's it is. It takes
 * what canceling any of it takes: managing a key does not permit that by itself.
 *
 * @throws ConclaveError `auth.forbidden`
 */
export async function distrust(tx: Tx, { scopes }: RequestContext, credential: string): Promise<void> {
  const permission = 'run:cancel';
  if (!scopes.has(permission)) throw new ConclaveError('auth.forbidden', { permission });
  await tx.emit(events.credentialDistrusted, { credential });
}
