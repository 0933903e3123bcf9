import { Injectable } from '@nestjs/common';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { CredentialDigest } from '../credentials/credential-digest.js';
import { DataKeys, type DataKey } from '../data-keys/data-keys.js';
import type { SealedSecret } from './postgres-secrets.js';

const PURPOSE = 'secret';

/** Seals the values of secrets under their tenant's data key, each for its row and version, and opens them. */
@Injectable()
export class Vault {
  constructor(
    private readonly keys: DataKeys,
    private readonly digest: CredentialDigest,
  ) {}

  /** The key to seal with; asked for before the transaction. */
  key(ctx: Actor): Promise<DataKey> {
    return this.keys.forSealing(ctx, PURPOSE);
  }

  /** Seals in the transaction that writes it. */
  async seal(
    tx: Tx,
    ctx: Actor,
    key: DataKey,
    { value, ...of }: Pick<SealedSecret, 'id' | 'name' | 'version'> & { readonly value: string },
  ): Promise<SealedSecret> {
    await this.keys.hold(tx, ctx, key);
    return { ...of, dataKeyId: key.id, sealed: key.box.seal(value, placeOf(ctx.tenantId, of)) };
  }

  /** Undefined once its data key was destroyed. */
  async open(ctx: Actor, secret: SealedSecret): Promise<string | undefined> {
    const key = await this.keys.forOpening(ctx, secret.dataKeyId);
    return key?.box.open(secret.sealed, placeOf(ctx.tenantId, secret));
  }

  /**
   * A request as it is remembered for repeats. What is kept is a digest without a key, which would let a value that is
   * easily guessed be found out; so the value is replaced by its digest under the pepper.
   */
  masked<R extends { readonly value: string }>(request: R): R {
    return { ...request, value: this.digest.of('secret', request.value).toString('base64') };
  }
}

const placeOf = (tenantId: string, { id, version }: Pick<SealedSecret, 'id' | 'version'>): string =>
  [tenantId, 'secret', 'sealed', id, version].join('|');
