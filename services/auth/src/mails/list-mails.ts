import type { ReplyOf, RequestOf, mails } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { MailOutbox } from './mail-outbox.js';
import { pageOfMails } from './postgres-mails.js';

type Contract = typeof mails.listMails;

/** What became of mail to members of the workspace. */
@Injectable()
export class ListMails {
  constructor(
    private readonly db: Database,
    private readonly outbox: MailOutbox,
  ) {}

  async run(ctx: RequestContext, { principal: principalId, ...page }: RequestOf<Contract>): Promise<ReplyOf<Contract>> {
    const { tenantId, workspaceId } = callerOf(ctx);
    const found = await pageOfMails(this.db.autocommit(ctx), { tenantId, workspaceId, principalId }, page);
    return { ...found, available: this.outbox.available };
  }
}
