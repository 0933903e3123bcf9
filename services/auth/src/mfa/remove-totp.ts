import { ConclaveError, events, mfa, type ReplyOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { deleteRecoveryCodes, deleteTotp } from './postgres-mfa.js';
import { ProvenSignIns } from './proven-sign-ins.js';

type Reply = ReplyOf<typeof mfa.removeTotp>;

/** Takes the caller's authenticator app away, and the recovery codes when they have nothing left to stand in for. */
@Injectable()
export class RemoveTotp {
  constructor(
    private readonly db: Database,
    private readonly proven: ProvenSignIns,
  ) {}

  /** @throws ConclaveError as `ProvenSignIns.lock`, and `auth.totp.not-found` | `auth.second-factor.last` */
  run(ctx: RequestContext): Promise<Reply> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, mfa.removeTotp, {}, () => this.remove(tx, ctx)));
  }

  private async remove(tx: Tx, ctx: RequestContext): Promise<Reply> {
    const whose = callerOf(ctx);
    const { standing } = await this.proven.lock(tx, ctx);
    if (standing.totp && standing.required && !standing.passkey) throw new ConclaveError('auth.second-factor.last');
    const app = await deleteTotp(tx, whose);
    if (!app) throw new ConclaveError('auth.totp.not-found');
    if (!standing.passkey) await deleteRecoveryCodes(tx, whose);
    await tx.emit(events.totpRemoved, { principal: whose.principalId });
    return viewOf(app);
  }
}

/** An authenticator app as its owner sees it. */
export const viewOf = ({ createdAt, lastUsedAt }: { createdAt: Date; lastUsedAt: Date | null }): Reply => ({
  createdAt: createdAt.toISOString(),
  ...(lastUsedAt ? { lastUsedAt: lastUsedAt.toISOString() } : {}),
});
