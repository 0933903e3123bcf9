import { ConclaveError, events, mfa, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Statements, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { factorsOf, isStrong } from '../sign-ins/standing.js';
import { mfaPolicyOf, peopleWithout, putMfaPolicy } from './postgres-mfa.js';
import { ProvenSignIns } from './proven-sign-ins.js';

type Reply = ReplyOf<typeof mfa.getMfaPolicy>;

/**
 * Whether a tenant demands a second factor. Whoever says so is signed in with two, so that they do not shut themselves
 * out, and so that nobody who holds one takes the demand away.
 */
@Injectable()
export class MfaPolicy {
  constructor(
    private readonly db: Database,
    private readonly proven: ProvenSignIns,
  ) {}

  read(ctx: RequestContext): Promise<Reply> {
    return viewOf(this.db.autocommit(ctx), ctx.tenantId);
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
    refuseLessThanOwner(ctx);
    const { standing } = await this.proven.lock(tx, ctx);
    if (!isStrong(standing)) throw new ConclaveError('auth.step-up.required', { factors: factorsOf(standing) });
    const before = await mfaPolicyOf(tx, ctx.tenantId);
    const required = demand === 'required';
    if (required !== (before?.required ?? false)) {
      await putMfaPolicy(tx, ctx.tenantId, { required, changedAt: new Date(), changedBy: ctx.actor });
      await tx.emit(events.mfaPolicyChanged, { mfa: demand });
    }
    return viewOf(tx, ctx.tenantId);
  }
}

async function viewOf(db: Statements, tenantId: string): Promise<Reply> {
  const row = await mfaPolicyOf(db, tenantId);
  return {
    mfa: row?.required ? 'required' : 'optional',
    peopleWithout: await peopleWithout(db, tenantId),
    ...(row ? { changedAt: row.changedAt.toISOString(), changedBy: row.changedBy } : {}),
  };
}
