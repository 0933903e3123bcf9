import { ConclaveError, events, mfa, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refusePartialAdministrators } from '../connections/refuse-partial.js';
import { factorsOf, isStrong } from '../sign-ins/standing.js';
import { mfaPolicyOf, putMfaPolicy, type MfaPolicyRow } from './postgres-mfa.js';
import { ProvenSignIns } from './proven-sign-ins.js';

type Reply = ReplyOf<typeof mfa.getMfaPolicy>;

/**
 * Whether a tenant demands a second factor. Whoever says so is signed in with two, so that they do not shut themselves
 * out, and so that nobody who holds one takes the demand away; and administers every workspace, as it holds in all.
 */
@Injectable()
export class MfaPolicy {
  constructor(
    private readonly db: Database,
    private readonly proven: ProvenSignIns,
  ) {}

  async read(ctx: RequestContext): Promise<Reply> {
    return viewOf(await mfaPolicyOf(this.db.autocommit(ctx), ctx.tenantId));
  }

  /** @throws ConclaveError as `ProvenSignIns.lock`, and `auth.role.too-wide` */
  put(ctx: RequestContext, request: RequestOf<typeof mfa.putMfaPolicy>): Promise<Reply> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, mfa.putMfaPolicy, request, () => this.change(tx, ctx, request)));
  }

  private async change(
    tx: Tx,
    ctx: RequestContext,
    { mfa: demand }: RequestOf<typeof mfa.putMfaPolicy>,
  ): Promise<Reply> {
    const { standing } = await this.proven.lock(tx, ctx);
    if (!isStrong(standing)) throw new ConclaveError('auth.step-up.required', { factors: factorsOf(standing) });
    await refusePartialAdministrators(tx, ctx);
    const before = await mfaPolicyOf(tx, ctx.tenantId);
    const required = demand === 'required';
    if (required === (before?.required ?? false)) return viewOf(before);
    const row = { required, changedAt: new Date(), changedBy: ctx.actor };
    await putMfaPolicy(tx, ctx.tenantId, row);
    await tx.emit(events.mfaPolicyChanged, { mfa: demand });
    return viewOf(row);
  }
}

const viewOf = (row: MfaPolicyRow | undefined): Reply => ({
  mfa: row?.required ? 'required' : 'optional',
  ...(row ? { changedAt: row.changedAt.toISOString(), changedBy: row.changedBy } : {}),
});
