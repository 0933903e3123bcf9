import { ConclaveError, events, tenants, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { lockCandidate, lockOwners, ownersOf, setOwner, type Owner } from './postgres-owners.js';

/** They all fit one answer. */
const MOST = 100;

/** Who owns the tenant: owners say, and there is always one. */
@Injectable()
export class ManageOwners {
  constructor(private readonly db: Database) {}

  async list(ctx: RequestContext): Promise<ReplyOf<typeof tenants.listOwners>> {
    return { items: await ownersOf(this.db.autocommit(ctx), ctx.tenantId) };
  }

  /** @throws ConclaveError `auth.member.not-found` | `auth.role.too-wide` | `auth.owner.too-many` */
  add(ctx: RequestContext, request: RequestOf<typeof tenants.addOwner>): Promise<Owner> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, tenants.addOwner, request, () => this.give(tx, ctx, request.id)));
  }

  /** @throws ConclaveError `auth.member.not-found` | `auth.role.too-wide` | `auth.owner.last` */
  remove(ctx: RequestContext, request: RequestOf<typeof tenants.removeOwner>): Promise<Owner> {
    return this.db.tx(ctx, (tx) => once(tx, ctx, tenants.removeOwner, request, () => this.take(tx, ctx, request.id)));
  }

  private async give(tx: Tx, ctx: RequestContext, id: string): Promise<Owner> {
    refuseLessThanOwner(ctx);
    const { tenantId } = ctx;
    await lockOwners(tx, tenantId);
    const member = await lockCandidate(tx, tenantId, id);
    if (!member) throw new ConclaveError('auth.member.not-found', { id });
    if (member.since !== undefined) return { ...member, since: member.since };
    if ((await ownersOf(tx, tenantId)).length >= MOST) throw new ConclaveError('auth.owner.too-many', { limit: MOST });
    const since = new Date();
    await setOwner(tx, tenantId, id, since);
    await tx.emit(events.ownerAdded, { principal: id });
    return { ...member, since: since.toISOString() };
  }

  private async take(tx: Tx, ctx: RequestContext, id: string): Promise<Owner> {
    refuseLessThanOwner(ctx);
    const { tenantId } = ctx;
    const owners = await lockOwners(tx, tenantId);
    const member = await lockCandidate(tx, tenantId, id);
    if (member?.since === undefined) throw new ConclaveError('auth.member.not-found', { id });
    if (owners.every((owner) => owner === id)) throw new ConclaveError('auth.owner.last', { id });
    await setOwner(tx, tenantId, id, null);
    await tx.emit(events.ownerRemoved, { principal: id });
    return { ...member, since: member.since };
  }
}

/**
 * Takes the ownership with the last membership: whoever belongs nowhere can do nothing.
 *
 * @throws ConclaveError `auth.owner.last`
 */
export async function endOwnership(tx: Tx, tenantId: string, id: string): Promise<void> {
  // Called when the membership has ended: an owner without another is not among them any more.
  const owners = await lockOwners(tx, tenantId);
  if (owners.length === 0) throw new ConclaveError('auth.owner.last', { id });
  if (await lockCandidate(tx, tenantId, id)) return;
  await setOwner(tx, tenantId, id, null);
  await tx.emit(events.ownerRemoved, { principal: id });
}
