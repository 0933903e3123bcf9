import { ConclaveError, type Permission } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { callerOf, type Caller } from '../members/caller.js';
import { membershipsOf } from '../members/postgres-members.js';
import { permissionsOf } from '../roles/role-permissions.js';

/** Who makes a link, and what their credential permits. */
export interface LinkMaker {
  readonly principalId: string;
  readonly held: ReadonlySet<string>;
}

export const makerOf = (ctx: RequestContext): LinkMaker => ({
  principalId: callerOf(ctx).principalId,
  held: ctx.scopes,
});

/** A role of somebody that is beyond the maker of a link, and what of it is. */
export interface Beyond {
  readonly role: string;
  readonly missing: Permission[];
}

/**
 * Whoever makes a link for somebody could use it, and it opens all they have: so it takes what it takes to give them every
 * role they hold, in every workspace of theirs. Asked when a link is made and again when it is used, as its person may
 * have been given more, or its maker less. @returns undefined when nothing is beyond the maker
 */
export async function beyondMaker(
  tx: Tx,
  { principalId, held }: LinkMaker,
  to: Pick<Caller, 'tenantId' | 'principalId'>,
): Promise<Beyond | undefined> {
  const { tenantId } = to;
  const memberships = await membershipsOf(tx, { tenantId, principalId });
  const own = new Map(memberships.map(({ workspaceId, role }) => [workspaceId, role]));
  const owns = memberships.some(({ owner }) => owner);
  for (const { workspaceId, role, owner } of await membershipsOf(tx, to)) {
    const mine = (await permissionsOf(tx, tenantId, own.get(workspaceId) ?? '', owns)) ?? [];
    const theirs = (await permissionsOf(tx, tenantId, role, owner)) ?? [];
    const missing = theirs.filter((permission) => !held.has(permission) || !mine.includes(permission));
    if (missing.length > 0 || !mine.includes('member:manage')) return { role, missing };
  }
  return undefined;
}

/** Of whoever is given a link for somebody, be it anew or again. @throws ConclaveError `auth.role.too-wide` */
export async function refuseLinkBeyond(tx: Tx, ctx: RequestContext, to: string): Promise<void> {
  const beyond = await beyondMaker(tx, makerOf(ctx), { tenantId: ctx.tenantId, principalId: to });
  if (beyond) throw new ConclaveError('auth.role.too-wide', { ...beyond });
}
