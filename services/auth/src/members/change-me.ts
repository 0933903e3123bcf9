import { ConclaveError, auth, events, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from './caller.js';
import { profileOf } from './postgres-members.js';
import { changeProfile } from './postgres-persons.js';

type Request = RequestOf<typeof auth.changeMe>;
type Reply = ReplyOf<typeof auth.changeMe>;

/** What the caller is called, and how they like what they see. */
@Injectable()
export class ChangeMe {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.unauthenticated` when the principal was disabled or removed since the exchange */
  run(ctx: RequestContext, request: Request): Promise<Reply> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, auth.changeMe, request, () => this.change(tx, ctx, request)));
  }

  private async change(tx: Tx, ctx: RequestContext, request: Request): Promise<Reply> {
    const caller = callerOf(ctx);
    if (!(await profileOf(tx, caller))) throw new ConclaveError('auth.unauthenticated');
    await changeProfile(tx, caller, request);
    await tx.emit(events.profileChanged, { principal: caller.principalId, changed: Object.keys(request).sort() });
    return { ...(await profileOf(tx, caller))!, scopes: [...ctx.scopes] };
  }
}
