import { ConclaveError, events, secrets, type ReplyOf, type RequestOf } from '@conclave/contracts';
import { sealTo, type RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { profileOf } from '../members/postgres-members.js';
import { sealedSecretNamed } from './postgres-secrets.js';
import { Vault } from './vault.js';

type Request = RequestOf<typeof secrets.leaseSecret>;
type Reply = ReplyOf<typeof secrets.leaseSecret>;

/** Whoever has a value longer than this asks again. */
const LEASE_MS = 5 * 60_000;

/**
 * Lends a secret of a workspace to a service that works there for a member. The value is sealed to the key the service
 * made for this request; what it was told of is in the log.
 */
@Injectable()
export class LeaseSecret {
  constructor(
    private readonly db: Database,
    private readonly vault: Vault,
  ) {}

  /** @throws ConclaveError `auth.member.not-found` | `auth.secret.not-found` | `auth.secret.unreadable` */
  async run(ctx: RequestContext, { workspace, name, publicKey }: Request): Promise<Reply> {
    const db = this.db.autocommit(ctx);
    const { tenantId, actor, service } = ctx;
    const member = await profileOf(db, { tenantId, workspaceId: workspace, principalId: actor });
    if (!member) throw new ConclaveError('auth.member.not-found', { id: actor });
    const secret = await sealedSecretNamed(db, { tenantId, workspaceId: workspace }, name);
    if (!secret) throw new ConclaveError('auth.secret.not-found', { name });
    const value = await this.vault.open(ctx, secret);
    if (value === undefined) throw new ConclaveError('auth.secret.unreadable', { name });
    const { version } = secret;
    const expiresAt = new Date(Date.now() + LEASE_MS).toISOString();
    const purpose = secrets.leasePurpose({ tenantId, workspace, name, version, expiresAt });
    const sealed = await sealTo(publicKey, value, purpose).catch((cause: unknown) => {
      const issues = [{ path: 'publicKey', message: 'expected an X25519 key' }];
      throw new ConclaveError('request.invalid', { issues }, { cause });
    });
    await this.db.tx(ctx, (tx) =>
      tx.emit(events.secretLeased, {
        ...{ secret: secret.id, workspace, name, version, expiresAt },
        service: service!,
      }),
    );
    return { version, sealed, expiresAt };
  }
}
