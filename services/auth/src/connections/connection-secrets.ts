import { CONFIG } from '@conclave/nest-kit';
import type { Actor, Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { AuthConfig } from '../config.js';
import { PepperBox } from '../credentials/pepper-box.js';
import { DataKeys, type DataKey } from '../data-keys/data-keys.js';
import { NamedSeals, type SealedPlace } from '../data-keys/named-seals.js';

/**
 * Whose secret it is: the connection's own (its key, or its client's secret), its directory's, or that of a sign-in
 * through it, which has to remember something on its way and what the provider calls it. Each is a data key's purpose.
 */
export type SecretKind = 'connection' | 'directory' | 'connection-sign-in';

/** Seals what belongs to one connection, bound to it. */
@Injectable()
export class ConnectionSecrets {
  private readonly seals: NamedSeals;

  constructor(
    private readonly keys: DataKeys,
    @Inject(CONFIG) config: Pick<AuthConfig, 'API_KEY_PEPPER'>,
  ) {
    this.seals = new NamedSeals(keys, new PepperBox(config, 'connections'));
  }

  /** The key to seal with; asked for before the transaction. @throws ConclaveError `service.unavailable` */
  key(ctx: Actor, kind: SecretKind): Promise<DataKey> {
    return this.keys.forSealing(ctx, kind);
  }

  /** Seals in the transaction that writes it. */
  seal(tx: Tx, ctx: Actor, key: DataKey, { kind, id, text }: { kind: SecretKind; id: string; text: string }) {
    return this.seals.seal(tx, ctx, key, text, placeOf(ctx.tenantId, kind, id));
  }

  /** Undefined once its data key was destroyed. @throws Error when it was sealed for another connection or was changed */
  open(ctx: Actor, kind: SecretKind, id: string, sealed: string): Promise<string | undefined> {
    return this.seals.open(ctx, sealed, placeOf(ctx.tenantId, kind, id));
  }
}

const placeOf = (tenantId: string, kind: SecretKind, id: string): SealedPlace => ({
  place: [tenantId, kind, 'sealed', id].join('|'),
  before: `connection/${tenantId}/${id}${kind === 'directory' ? '/directory' : ''}`,
});
