import { ConclaveError, connections, events, type ReplyOf, type RequestOf } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import { Database, once, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { connectionOf, lockConnection } from '../connections/postgres-connections.js';
import { doubtEmail } from '../members/postgres-persons.js';
import { refuseLessThanOwner } from '../members/role-grant.js';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import {
  insertIdentity,
  lockIdentity,
  pageOfIdentities,
  reachOf,
  removeIdentities,
  type Identity,
} from './postgres-identities.js';

/** Whom a provider's names mean. Whoever says so could sign in as them, so nobody says it of somebody mightier. */
@Injectable()
export class LinkIdentity {
  constructor(private readonly db: Database) {}

  /** @throws ConclaveError `auth.connection.not-found` | `auth.member.not-found` | `auth.role.too-wide` | `auth.identity.taken` */
  link(ctx: RequestContext, request: RequestOf<typeof connections.linkIdentity>): Promise<Identity> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, connections.linkIdentity, request, async () => {
        const { id, principal, subject } = request;
        await refuseLink(tx, ctx, id, principal);
        refuseLessThanOwner(ctx);
        const key = { tenantId: ctx.tenantId, connectionId: id, subject };
        if (await lockIdentity(tx, key)) throw new ConclaveError('auth.identity.taken');
        await tx.emit(events.identityLinked, { connection: id, principal, by: 'administrator' });
        return insertIdentity(tx, key, principal, new Date());
      }),
    );
  }

  /**
   * An address that led to them leads nowhere from now on, or the next sign-in would link them again.
   *
   * @throws ConclaveError `auth.connection.not-found` | `auth.member.not-found`
   */
  unlink(
    ctx: RequestContext,
    request: RequestOf<typeof connections.unlinkIdentity>,
  ): Promise<ReplyOf<typeof connections.unlinkIdentity>> {
    return this.db.tx(ctx, (tx) =>
      once(tx, ctx, connections.unlinkIdentity, request, async () => {
        const { id: connectionId, principal: principalId } = request;
        await refuseUnknown(tx, ctx.tenantId, connectionId);
        if (!(await reachOf(tx, ctx.tenantId, principalId)))
          throw new ConclaveError('auth.member.not-found', { id: principalId });
        const removed = await removeIdentities(tx, { tenantId: ctx.tenantId, connectionId, principalId });
        await doubtEmail(tx, ctx.tenantId, principalId);
        await endSignIns(tx, ctx.tenantId, { connectionId, principalId }, new Date());
        if (removed > 0)
          await tx.emit(events.identityUnlinked, {
            connection: connectionId,
            principal: principalId,
            by: 'administrator',
          });
        return { removed };
      }),
    );
  }

  /** @throws ConclaveError `auth.connection.not-found` */
  async list(
    ctx: RequestContext,
    { id, ...page }: RequestOf<typeof connections.listIdentities>,
  ): Promise<ReplyOf<typeof connections.listIdentities>> {
    const db = this.db.autocommit(ctx);
    if (!(await connectionOf(db, ctx.tenantId, id))) throw new ConclaveError('auth.connection.not-found', { id });
    return pageOfIdentities(db, { tenantId: ctx.tenantId, connectionId: id }, page);
  }
}

async function refuseLink(tx: Tx, { tenantId, scopes }: RequestContext, id: string, principal: string): Promise<void> {
  await refuseUnknown(tx, tenantId, id);
  const reach = await reachOf(tx, tenantId, principal);
  if (!reach || reach.size === 0) throw new ConclaveError('auth.member.not-found', { id: principal });
  const missing = [...reach].filter((permission) => !(scopes as ReadonlySet<string>).has(permission));
  if (missing.length > 0) throw new ConclaveError('auth.role.too-wide', { missing });
}

async function refuseUnknown(tx: Tx, tenantId: string, id: string): Promise<void> {
  if (!(await lockConnection(tx, tenantId, id, 'share'))) throw new ConclaveError('auth.connection.not-found', { id });
}
