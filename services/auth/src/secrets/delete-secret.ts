import { ConclaveError, events, secrets, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { lockSecret, removeSecret } from './postgres-secrets.js';

/** Removes a secret with its value; what was lent of it is dropped. */
@Injectable()
export class DeleteSecret {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.secret.not-found` */
  run(
    ctx: RequestContext,
    request: RequestOf<typeof secrets.deleteSecret>,
  ): Promise<ReplyOf<typeof secrets.deleteSecret>> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, secrets.deleteSecret, request, () => this.remove(tx, ctx, request.id)),
    );
  }

  private async remove(tx: Tx, ctx: RequestContext, id: string): Promise<ReplyOf<typeof secrets.deleteSecret>> {
    const at = callerOf(ctx);
    const secret = await lockSecret(tx, at, id);
    if (!secret) throw new ConclaveError('auth.secret.not-found', { id });
    await removeSecret(tx, at, id);
    const { name, version } = secret;
    await tx.emit(events.secretDeleted, { secret: id, workspace: at.workspaceId, name, version });
    return { id };
  }
}
