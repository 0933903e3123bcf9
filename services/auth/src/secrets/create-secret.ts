import { ConclaveError, events, newId, secrets, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { DataKey } from '../data-keys/data-keys.js';
import { refuseBeyond } from '../limits/postgres-limits.js';
import { callerOf } from '../members/caller.js';
import { isUniqueViolation } from '../unique-violation.js';
import { insertSecret, readSecret, type Secret } from './postgres-secrets.js';
import { Vault } from './vault.js';

type Request = RequestOf<typeof secrets.createSecret>;

/** Keeps a secret for the workspace. */
@Injectable()
export class CreateSecret {
  constructor(
    private readonly db: Database,
    private readonly vault: Vault,
  ) {}

  /** @throws ConclaveError `auth.secret.exists` */
  async run(ctx: RequestContext, request: Request): Promise<Secret> {
    const key = await this.vault.key(ctx);
    try {
      return await this.db.tx(ctx, (tx) =>
        once(tx, ctx, secrets.createSecret, this.vault.masked(request), () => this.create(tx, ctx, key, request)),
      );
    } catch (error) {
      if (isUniqueViolation(error, 'secret_tenant_id_workspace_id_name_key'))
        throw new ConclaveError('auth.secret.exists', { name: request.name }, { cause: error });
      throw error;
    }
  }

  private async create(tx: Tx, ctx: RequestContext, key: DataKey, { name, value }: Request): Promise<Secret> {
    const at = callerOf(ctx);
    await refuseBeyond(tx, at.tenantId, 'secrets');
    const id = newId('secret');
    const version = 1;
    await insertSecret(tx, at, await this.vault.seal(tx, ctx, key, { id, name, version, value }));
    await tx.emit(events.secretCreated, { secret: id, workspace: at.workspaceId, name, version });
    return (await readSecret(tx, at, id))!;
  }
}
