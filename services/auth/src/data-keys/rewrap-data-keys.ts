import { events } from '@conclave/contracts';
import { Database } from '@conclave/postgres-kit';
import { replaceSigningKeyWrapping, signingKeys } from '../oauth/postgres-signing-keys.js';
import { placeOfSigningKey } from '../oauth/signing-keys.js';
import { placeOf } from './data-keys.js';
import type { KeyEncryption } from './key-encryption.js';
import { dataKey, replaceWrapping, wrappedOtherwise } from './postgres-data-keys.js';

const BATCH = 100;

/**
 * Wraps every tenant's data keys, and the keys that sign access tokens, under the current key-encryption key; the secrets
 * below stay as they are. What is done
 * is done: begun again after a crash it takes what is left. Nobody has to wait for it, as a key is replaced in one
 * statement, and both wrappings open.
 */
export class RewrapDataKeys {
  constructor(
    private readonly db: Database,
    private readonly keys: KeyEncryption,
  ) {}

  /** @returns how many it wrapped anew, and under which key everything is now */
  async run(): Promise<{ readonly rewrapped: number; readonly keyId: string }> {
    const keyId = await this.keys.current();
    let rewrapped = 0;
    for (let after = { tenantId: '', id: '' }; ;) {
      const batch = await this.db.system((tx) => wrappedOtherwise(tx, keyId, after, BATCH));
      for (const { tenantId, id } of batch) if (await this.rewrap(tenantId, id)) rewrapped++;
      const last = batch.at(-1);
      if (!last) return { rewrapped: rewrapped + (await this.rewrapSigningKeys(keyId)), keyId };
      after = last;
    }
  }

  private async rewrapSigningKeys(keyId: string): Promise<number> {
    let rewrapped = 0;
    for (const key of await this.db.system(signingKeys)) {
      if (key.keyId === keyId) continue;
      const place = placeOfSigningKey(key.id);
      const after = await this.keys.wrap(await this.keys.unwrap(key, place), place);
      if (await this.db.system((tx) => replaceSigningKeyWrapping(tx, key, after))) rewrapped++;
    }
    return rewrapped;
  }

  private async rewrap(tenantId: string, id: string): Promise<boolean> {
    const ctx = { tenantId, actor: 'service:auth' };
    const before = await dataKey(this.db.autocommit(ctx), tenantId, id);
    if (!before) return false;
    const place = placeOf(tenantId, before);
    const after = await this.keys.wrap(await this.keys.unwrap(before, place), place);
    return this.db.tx(ctx, async (tx) => {
      if (!(await replaceWrapping(tx, tenantId, before, after))) return false;
      await tx.emit(events.dataKeyRewrapped, { dataKey: id, purpose: before.purpose, keyId: after.keyId });
      return true;
    });
  }
}
