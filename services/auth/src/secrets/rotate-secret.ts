import { ConclaveError, events, secrets, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { DataKey } from '../data-keys/data-keys.js';
import { callerOf } from '../members/caller.js';
import { lockSecret, readSecret, updateSecret, type Secret } from './postgres-secrets.js';
import { Vault } from './vault.js';

type Request = RequestOf<typeof secrets.rotateSecret>;

/** Gives a secret a new value; the one before is gone, and so is what was lent of it. */
@Injectable()
export class RotateSecret {
  constructor(
    private readonly db: Database,
    private readonly vault: Vault,
  ) {}

  /** @throws ConclaveError `auth.secret.not-found` */
  async run(ctx: RequestContext, request: Request): Promise<Secret> {
    const key = await this.vault.key(ctx);
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, secrets.rotateSecret, this.vault.masked(request), () => this.rotate(tx, ctx, key, request)),
    );
  }

  private async rotate(tx: Tx, ctx: RequestContext, key: DataKey, { id, value }: Request): Promise<Secret> {
    const at = callerOf(ctx);
    const before = await lockSecret(tx, at, id);
    if (!before) throw new ConclaveError('auth.secret.not-found', { id });
    const { name } = before;
    const version = before.version + 1;
    await updateSecret(tx, at, await this.vault.seal(tx, ctx, key, { id, name, version, value }));
    await tx.emit(events.secretRotated, { secret: id, workspace: at.workspaceId, name, version });
    return (await readSecret(tx, at, id))!;
  }
}
