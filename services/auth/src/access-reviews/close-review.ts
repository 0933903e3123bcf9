import { ConclaveError, events, workspacePermissions } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { endApiKey } from '../api-keys/end-api-key.js';
import { lockApiKey } from '../api-keys/postgres-api-keys.js';
import { endMembership } from '../members/end-membership.js';
import { lockMember } from '../members/postgres-members.js';
import {
  itemsToRevoke,
  keepOthers,
  lockReview,
  updateClosed,
  updateOutcome,
  type ItemRow,
  type Outcome,
  type ReviewRow,
} from './postgres-access-reviews.js';
import { digestOf } from './report.js';

/**
 * Ends what is to be ended and fixes the report. Whether it may be ended was asked when it was decided, or when the review
 * began; what has changed since stays, as nobody has said anything about that.
 *
 * @throws ConclaveError `auth.access-review.not-found` | `auth.access-review.closed`
 */
export async function closeReview(
  tx: Tx,
  { tenantId, workspaceId }: { tenantId: string; workspaceId?: string },
  id: string,
  by: string,
): Promise<void> {
  const review = await lockReview(tx, tenantId, id, 'close');
  if (!review || (workspaceId !== undefined && review.workspace_id !== workspaceId))
    throw new ConclaveError('auth.access-review.not-found', { id });
  if (review.closed_at) throw new ConclaveError('auth.access-review.closed', { id });
  const at = new Date();
  for (const item of await itemsToRevoke(tx, tenantId, review)) {
    const [outcome, failure] = await revoke(tx, tenantId, review, item, at);
    await updateOutcome(tx, { tenantId, review: id, subject: item.subject }, outcome, failure);
  }
  await keepOthers(tx, tenantId, review);
  const { sha256, outcomes } = await digestOf(tx, tenantId, review, { at, by });
  await updateClosed(tx, { tenantId, id }, { at, by, sha256 });
  const count = (outcome: Outcome): number => outcomes.get(outcome) ?? 0;
  await tx.emit(events.accessReviewClosed, {
    ...{ review: id, workspace: review.workspace_id, sha256 },
    items: [...outcomes.values()].reduce((sum, n) => sum + n, 0),
    ...{ kept: count('kept'), revoked: count('revoked'), gone: count('gone') },
    ...{ changed: count('changed'), failed: count('failed') },
  });
}

type Came = readonly [outcome: Outcome, failure?: string];

async function revoke(tx: Tx, tenantId: string, review: ReviewRow, item: ItemRow, at: Date): Promise<Came> {
  const where = { tenantId, workspaceId: review.workspace_id, principalId: item.principal_id };
  if (!item.scopes) return revokeMembership(tx, where, item.role);
  // Nobody spoke for it, and whoever began the review held no more than an administrator.
  const beyond = item.decision === null && item.scopes.some((scope) => !workspacePermissions.includes(scope));
  return beyond ? ['failed', 'auth.scope.too-wide'] : revokeKey(tx, where, item.subject, at);
}

async function revokeKey(
  tx: Tx,
  where: { tenantId: string; workspaceId: string; principalId: string },
  id: string,
  at: Date,
): Promise<Came> {
  const key = await lockApiKey(tx, where, id);
  if (!key || key.revokedAt !== undefined) return ['gone'];
  await endApiKey(tx, where.tenantId, id, at);
  return ['revoked'];
}

async function revokeMembership(
  tx: Tx,
  where: { tenantId: string; workspaceId: string; principalId: string },
  role: string | null,
): Promise<Came> {
  const member = await lockMember(tx, where);
  if (!member || member.disabledAt) return ['gone'];
  if (member.role !== role) return ['changed'];
  // Whoever owns the tenant stays until an owner takes that from them.
  if (member.owner) return ['failed', 'auth.access-review.owner'];
  try {
    await endMembership(tx, where);
    return ['revoked'];
  } catch (error) {
    if (!(error instanceof ConclaveError)) throw error;
    return ['failed', error.code];
  }
}
