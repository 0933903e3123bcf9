import { ConclaveError, type ReplyOf, type RequestOf, type signIns } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { pageOfSignIns } from './postgres-sign-ins.js';

/** Where the caller is signed in; or another member of the workspace, for those who manage members. */
@Injectable()
export class ListSignIns {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.forbidden` */
  async run(
    ctx: RequestContext,
    { principal, ...page }: RequestOf<typeof signIns.listSignIns>,
  ): Promise<ReplyOf<typeof signIns.listSignIns>> {
    const { tenantId, workspaceId, principalId } = callerOf(ctx);
    const another = principal !== undefined && principal !== principalId;
    if (another && !ctx.scopes.has('member:manage'))
      throw new ConclaveError('auth.forbidden', { permission: 'member:manage' });
    const whose = another ? { tenantId, workspaceId, principalId: principal } : { tenantId, principalId };
    const { items, ...rest } = await this.db.tx(ctx, (tx) => pageOfSignIns(tx, whose, page));
    return { items: items.map((item) => ({ ...item, current: item.id === ctx.credentialId })), ...rest };
  }
}
