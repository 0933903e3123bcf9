import { ConclaveError, accessReviews, events, newId, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, pageBy, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { callerOf } from '../members/caller.js';
import { lockMember } from '../members/postgres-members.js';
import { refuseMightier, refuseWiderRole } from '../members/role-grant.js';
import { closeReview } from './close-review.js';
import {
  insertItems,
  insertReview,
  itemsBehind,
  lockItem,
  lockReview,
  openReviews,
  pageOfItems,
  pageOfReviews,
  reviewOf,
  updateDecision,
  type AccessItem,
  type AccessReview,
} from './postgres-access-reviews.js';
import { headerLine, itemLine } from './report.js';

const MOST_OPEN = 20;
const LONGEST_MS = 366 * 86_400_000;

/** Reviews of who has access to a workspace, by those who may manage them there. */
@Injectable()
export class ReviewAccess {
  constructor(private readonly db: Database) {}

  /**
   * Who lets everything end that nobody speaks for must be able to end it.
   *
   * @throws ConclaveError `auth.access-review.too-many` | `auth.role.too-wide`
   */
  create(ctx: RequestContext, request: RequestOf<typeof accessReviews.createAccessReview>): Promise<AccessReview> {
    const dueAt = dueOf(request.dueAt);
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, accessReviews.createAccessReview, request, async () => {
        const { name, undecided } = request;
        const where = callerOf(ctx);
        if (undecided === 'revoke') await refuseWiderRole(tx, ctx, 'administrator');
        if ((await openReviews(tx, where)) >= MOST_OPEN)
          throw new ConclaveError('auth.access-review.too-many', { limit: MOST_OPEN });
        const id = newId('accessReview');
        await insertReview(tx, where, { id, name, undecided, dueAt, createdBy: ctx.actor, createdAt: new Date() });
        const items = await insertItems(tx, where, id);
        await tx.emit(events.accessReviewOpened, { review: id, workspace: where.workspaceId, items, undecided });
        return found(await reviewOf(tx, where, id), id);
      }),
    );
  }

  list(ctx: RequestContext, page: RequestOf<typeof accessReviews.listAccessReviews>) {
    return pageOfReviews(this.db.autocommit(ctx), callerOf(ctx), page);
  }

  /** @throws ConclaveError `auth.access-review.not-found` */
  async get(ctx: RequestContext, { id }: RequestOf<typeof accessReviews.getAccessReview>): Promise<AccessReview> {
    return found(await reviewOf(this.db.autocommit(ctx), callerOf(ctx), id), id);
  }

  /** @throws ConclaveError `auth.access-review.not-found` */
  async items(ctx: RequestContext, { id, ...page }: RequestOf<typeof accessReviews.listAccessReviewItems>) {
    const { tenantId } = ctx;
    await this.get(ctx, { id });
    return pageOfItems(this.db.autocommit(ctx), { tenantId, id }, page);
  }

  /** @throws ConclaveError `auth.access-review.*` | `auth.role.too-wide` | `auth.scope.too-wide` */
  decide(ctx: RequestContext, request: RequestOf<typeof accessReviews.decideAccess>): Promise<AccessItem> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, accessReviews.decideAccess, request, () => this.decideOne(tx, ctx, request)),
    );
  }

  /** @throws ConclaveError `auth.access-review.not-found` | `auth.access-review.closed` | `auth.role.too-wide` */
  close(ctx: RequestContext, request: RequestOf<typeof accessReviews.closeAccessReview>): Promise<AccessReview> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, accessReviews.closeAccessReview, request, async () => {
        const where = callerOf(ctx);
        const review = await lockReview(tx, where.tenantId, request.id, 'close');
        // Before its time it ends what nobody spoke for: that takes what beginning it took.
        if (review?.undecided === 'revoke') await refuseWiderRole(tx, ctx, 'administrator');
        await closeReview(tx, where, request.id, ctx.actor);
        return found(await reviewOf(tx, where, request.id), request.id);
      }),
    );
  }

  /** @throws ConclaveError `auth.access-review.not-found` | `auth.access-review.open` */
  report(
    ctx: RequestContext,
    { id, limit, after }: RequestOf<typeof accessReviews.getAccessReviewReport>,
  ): Promise<ReplyOf<typeof accessReviews.getAccessReviewReport>> {
    const { tenantId, workspaceId } = callerOf(ctx);
    return this.db.tx(ctx, async (tx) => {
      const review = await lockReview(tx, tenantId, id, 'decide');
      if (review?.workspace_id !== workspaceId) throw new ConclaveError('auth.access-review.not-found', { id });
      const { closed_at: at, closed_by: by } = review;
      if (!at || by === null) throw new ConclaveError('auth.access-review.open', { id });
      const rows = await itemsBehind(tx, { tenantId, review: id }, { limit: limit + 1, after });
      const lines = rows.map((row) => ({ cursor: row.subject, text: itemLine(row) }));
      const page = pageBy(lines, limit, ({ cursor }) => cursor);
      const head = after === undefined ? [headerLine(tenantId, review, { at, by })] : [];
      return { ...page, items: [...head, ...page.items.map(({ text }) => text)] };
    });
  }

  private async decideOne(
    tx: Tx,
    ctx: RequestContext,
    { id, subject, decision, reason }: RequestOf<typeof accessReviews.decideAccess>,
  ): Promise<AccessItem> {
    const { tenantId, workspaceId, principalId } = callerOf(ctx);
    const review = await lockReview(tx, tenantId, id, 'decide');
    const item = review?.workspace_id === workspaceId ? await lockItem(tx, tenantId, id, subject) : undefined;
    if (!review || !item) throw new ConclaveError('auth.access-review.not-found', { id, subject });
    if (review.closed_at) throw new ConclaveError('auth.access-review.closed', { id });
    if (item.principal.id === principalId) throw new ConclaveError('auth.access-review.own-access', { subject });
    if (decision === 'revoke') await this.refuseWider(tx, ctx, item);
    const at = new Date();
    await updateDecision(tx, { tenantId, review: id, subject }, { decision, by: ctx.actor, at });
    await tx.emit(events.accessReviewDecided, {
      ...{ review: id, workspace: workspaceId, subject, principal: item.principal.id, decision, reason },
    });
    return { ...item, decision, decidedBy: ctx.actor, decidedAt: at.toISOString() };
  }

  /** Nobody ends what holds more than their credential. */
  private async refuseWider(tx: Tx, ctx: RequestContext, { kind, principal, scopes = [] }: AccessItem): Promise<void> {
    const missing = scopes.filter((scope) => !ctx.scopes.has(scope));
    if (missing.length > 0) throw new ConclaveError('auth.scope.too-wide', { scopes: missing });
    const member =
      kind === 'member' ? await lockMember(tx, { ...callerOf(ctx), principalId: principal.id }) : undefined;
    if (member?.owner) throw new ConclaveError('auth.access-review.owner', { subject: principal.id });
    if (member) await refuseMightier(tx, ctx, member);
  }
}

function found(review: AccessReview | undefined, id: string): AccessReview {
  if (!review) throw new ConclaveError('auth.access-review.not-found', { id });
  return review;
}

function dueOf(text: string): Date {
  const date = new Date(text);
  const ahead = date.getTime() - Date.now();
  if (ahead > 0 && ahead <= LONGEST_MS) return date;
  const message = ahead > 0 ? 'expected a time within a year' : 'expected a time to come';
  throw new ConclaveError('request.invalid', { issues: [{ path: 'dueAt', message }] });
}
