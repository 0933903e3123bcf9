import { ConclaveError, breakGlass, events, newId, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { lockSignIn } from '../sign-ins/postgres-sign-ins.js';
import {
  insertBreakGlass,
  lockBreakGlass,
  openFor,
  pageOfBreakGlass,
  updateEnded,
  updateReviewed,
  type BreakGlass,
} from './postgres-break-glass.js';

/** Emergency access to a workspace: who takes it says why, everybody hears of it, somebody else looks at it. */
@Injectable()
export class BreakTheGlass {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.break-glass.sign-in` | `auth.break-glass.open` */
  open(ctx: RequestContext, request: RequestOf<typeof breakGlass.openBreakGlass>): Promise<BreakGlass> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, breakGlass.openBreakGlass, request, () => this.openOne(tx, ctx, request)),
    );
  }

  list(ctx: RequestContext, page: RequestOf<typeof breakGlass.listBreakGlass>) {
    return pageOfBreakGlass(this.db.autocommit(ctx), callerOf(ctx), page);
  }

  /** @throws ConclaveError `auth.break-glass.not-found` */
  end(ctx: RequestContext, { id }: RequestOf<typeof breakGlass.endBreakGlass>): Promise<BreakGlass> {
    return this.db.tx(ctx, async (tx) => {
      const access = await lockBreakGlass(tx, callerOf(ctx), id);
      const own = access?.principal.id === callerOf(ctx).principalId;
      if (!access || !(own || ctx.scopes.has('member:manage')))
        throw new ConclaveError('auth.break-glass.not-found', { id });
      const at = new Date();
      if (isOver(access, at)) return access;
      await updateEnded(tx, ctx.tenantId, id, ctx.actor, at);
      await tx.emit(events.breakGlassEnded, { ...idsOf(access, ctx) });
      return { ...access, endedAt: at.toISOString(), endedBy: ctx.actor };
    });
  }

  /** @throws ConclaveError `auth.break-glass.*` | `auth.access-review.own-access` */
  review(ctx: RequestContext, request: RequestOf<typeof breakGlass.reviewBreakGlass>): Promise<BreakGlass> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, breakGlass.reviewBreakGlass, request, () => this.reviewOne(tx, ctx, request)),
    );
  }

  /** Only for a person in a browser: what is opened with a key is as narrow as the key. */
  private async openOne(
    tx: Tx,
    ctx: RequestContext,
    { reason, minutes }: RequestOf<typeof breakGlass.openBreakGlass>,
  ): Promise<BreakGlass> {
    const caller = callerOf(ctx);
    const { tenantId, workspaceId } = caller;
    const signIn = ctx.credentialId === undefined ? undefined : await lockSignIn(tx, tenantId, ctx.credentialId);
    if (!signIn || signIn.apiKeyId !== null || signIn.workspaceId !== workspaceId)
      throw new ConclaveError('auth.break-glass.sign-in');
    if (await openFor(tx, tenantId, signIn.id)) throw new ConclaveError('auth.break-glass.open');
    const id = newId('breakGlass');
    const openedAt = new Date();
    const endsAt = new Date(Math.min(openedAt.getTime() + minutes * 60_000, signIn.expiresAt.getTime()));
    await insertBreakGlass(tx, caller, { id, signIn: signIn.id, reason, openedAt, endsAt });
    const access = (await lockBreakGlass(tx, caller, id))!;
    await tx.emit(events.breakGlassOpened, { ...idsOf(access, ctx), endsAt: access.endsAt, reason });
    return access;
  }

  private async reviewOne(
    tx: Tx,
    ctx: RequestContext,
    { id, finding, note }: RequestOf<typeof breakGlass.reviewBreakGlass>,
  ): Promise<BreakGlass> {
    const caller = callerOf(ctx);
    const access = await lockBreakGlass(tx, caller, id);
    if (!access) throw new ConclaveError('auth.break-glass.not-found', { id });
    if (access.principal.id === caller.principalId)
      throw new ConclaveError('auth.access-review.own-access', { subject: id });
    const at = new Date();
    if (!isOver(access, at)) throw new ConclaveError('auth.break-glass.open', { id });
    if (access.review) throw new ConclaveError('auth.break-glass.reviewed', { id });
    await updateReviewed(tx, ctx.tenantId, id, { finding, note, by: ctx.actor, at });
    await tx.emit(events.breakGlassReviewed, { ...idsOf(access, ctx), finding, note });
    return { ...access, review: { finding, note, by: ctx.actor, at: at.toISOString() } };
  }
}

const isOver = ({ endedAt, endsAt }: BreakGlass, now: Date): boolean =>
  endedAt !== undefined || Date.parse(endsAt) <= now.getTime();

const idsOf = ({ id, principal, signIn }: BreakGlass, ctx: RequestContext) => ({
  ...{ breakGlass: id, principal: principal.id, workspace: callerOf(ctx).workspaceId, signIn },
});
