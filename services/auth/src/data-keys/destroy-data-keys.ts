import { events } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { destroyDataKeys } from './postgres-data-keys.js';

/** Crypto-erasure: without its data keys nothing a tenant had sealed can be read again, wherever a copy of it lies. */
export class DestroyDataKeys {
  constructor(private readonly db: Database) {}

  /** @returns the ids of the keys that are gone */
  run(tenantId: string, purpose?: string): Promise<string[]> {
    return this.db.tx({ tenantId, actor: 'service:auth' }, async (tx) => {
      const gone = await destroyDataKeys(tx, tenantId, purpose);
      for (const key of gone) await tx.emit(events.dataKeyDestroyed, { dataKey: key.id, purpose: key.purpose });
      return gone.map(({ id }) => id);
    });
  }
}
