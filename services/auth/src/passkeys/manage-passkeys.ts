import { ConclaveError, events, passkeys, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { deleteRecoveryCodes } from '../mfa/postgres-mfa.js';
import { ProvenSignIns } from '../mfa/proven-sign-ins.js';
import { MailOutbox } from '../mails/mail-outbox.js';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import { deletePasskey, pageOfPasskeys, passkeysOf, updatePasskeyName, type Passkey } from './postgres-passkeys.js';

/** The caller's own passkeys: what they are called, and their end. */
@Injectable()
export class ManagePasskeys {
  constructor(
    private readonly db: Database,
    private readonly proven: ProvenSignIns,
    private readonly outbox: MailOutbox,
  ) {}

  list(
    ctx: RequestContext,
    page: RequestOf<typeof passkeys.listPasskeys>,
  ): Promise<ReplyOf<typeof passkeys.listPasskeys>> {
    return pageOfPasskeys(this.db.autocommit(ctx), callerOf(ctx), page);
  }

  /** @throws ConclaveError `auth.passkey.not-found` */
  rename(ctx: RequestContext, request: RequestOf<typeof passkeys.renamePasskey>): Promise<Passkey> {
    const { principalId } = callerOf(ctx);
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, passkeys.renamePasskey, request, async () => {
        const renamed = found(await updatePasskeyName(tx, callerOf(ctx), request), request.id);
        await tx.emit(events.passkeyRenamed, { passkey: renamed.id, principal: principalId });
        return renamed;
      }),
    );
  }

  /**
   * With the sign-ins that were opened with it.
   *
   * @throws ConclaveError as `ProvenSignIns.lock`, and `auth.passkey.not-found` | `auth.second-factor.last`
   */
  remove(ctx: RequestContext, request: RequestOf<typeof passkeys.removePasskey>): Promise<Passkey> {
    const { tenantId, principalId } = callerOf(ctx);
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, passkeys.removePasskey, request, async () => {
        const { standing } = await this.proven.lock(tx, ctx);
        const removed = found(await deletePasskey(tx, callerOf(ctx), request.id), request.id);
        if (!standing.totp && (await passkeysOf(tx, callerOf(ctx))).length === 0) {
          if (standing.required) throw new ConclaveError('auth.second-factor.last');
          await deleteRecoveryCodes(tx, callerOf(ctx));
        }
        await tx.emit(events.passkeyRemoved, { passkey: removed.id, principal: principalId });
        await endSignIns(tx, tenantId, { passkeyId: removed.id }, new Date());
        await this.outbox.notify(tx, tenantId, principalId, 'passkey-removed');
        return removed;
      }),
    );
  }
}

function found(passkey: Passkey | undefined, id: string): Passkey {
  if (!passkey) throw new ConclaveError('auth.passkey.not-found', { id });
  return passkey;
}
