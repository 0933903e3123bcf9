import { randomBytes } from 'node:crypto';
import { ConclaveError, events, newId } from '@conclave/contracts';
import { SecretBox } from '@conclave/nest-kit';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { KeyRing } from './key-ring.js';
import { dataKey, dataKeyInUse, holdDataKey, insertDataKey, type DataKeyRow } from './postgres-data-keys.js';

/** A data key in the clear, for as long as it is at work. */
export interface DataKey {
  readonly id: string;
  readonly box: SecretBox;
}

/**
 * A tenant's data keys: 32 random bytes for each purpose, kept wrapped. They are unwrapped for each use and before the
 * transaction of that use, since the key-encryption key may be somewhere else.
 */
@Injectable()
export class DataKeys {
  constructor(
    private readonly db: Database,
    private readonly ring: KeyRing,
  ) {}

  /** The key to seal with, made on first use. @throws ConclaveError `service.unavailable` */
  async forSealing(ctx: Actor, purpose: string): Promise<DataKey> {
    const row = (await this.inUse(ctx, purpose)) ?? (await this.make(ctx, purpose));
    return this.unwrapped(ctx, row);
  }

  /** The key that something was sealed with; undefined when it was destroyed. @throws ConclaveError `service.unavailable` */
  async forOpening(ctx: Actor, id: string): Promise<DataKey | undefined> {
    const row = await dataKey(this.db.autocommit(ctx), ctx.tenantId, id);
    return row && this.unwrapped(ctx, row);
  }

  /** For whoever writes what it sealed: the key stays until they have. @throws ConclaveError `service.unavailable` */
  async hold(tx: Tx, ctx: Actor, { id }: DataKey): Promise<void> {
    if (!(await holdDataKey(tx, ctx.tenantId, id))) throw new ConclaveError('service.unavailable', { service: 'auth' });
  }

  private inUse(ctx: Actor, purpose: string): Promise<DataKeyRow | undefined> {
    return dataKeyInUse(this.db.autocommit(ctx), ctx.tenantId, purpose);
  }

  /** Of two who make it at once, both get the first one's. */
  private async make(ctx: Actor, purpose: string): Promise<DataKeyRow> {
    const id = newId('dataKey');
    const wrapped = await this.ring.wrap(randomBytes(32), placeOf(ctx.tenantId, { id, purpose }));
    const row = { id, purpose, ...wrapped };
    await this.db.tx(ctx, async (tx) => {
      if (await insertDataKey(tx, ctx.tenantId, row))
        await tx.emit(events.dataKeyCreated, { dataKey: id, purpose, keyId: wrapped.keyId });
    });
    const made = await this.inUse(ctx, purpose);
    if (!made) throw new ConclaveError('service.unavailable', { service: 'auth' });
    return made;
  }

  private async unwrapped({ tenantId }: Actor, row: DataKeyRow): Promise<DataKey> {
    return { id: row.id, box: new SecretBox(await this.ring.unwrap(row, placeOf(tenantId, row))) };
  }
}

/** Where a data key is kept: wrapped for one tenant and purpose it opens for no other. */
export const placeOf = (tenantId: string, { id, purpose }: Pick<DataKeyRow, 'id' | 'purpose'>): string =>
  [tenantId, 'data_key', 'wrapped', id, purpose].join('|');
