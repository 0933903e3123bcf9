/**
 * Who may manage whom: nobody gives, takes or ends a role that holds a permission their credential does not. A workspace
 * always keeps an administrator, or nobody could ever manage it again.
 */
import { ConclaveError, roles, type Role } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { callerOf, type Caller } from './caller.js';
import { lockAdministrators, lockMember, type Member } from './postgres-members.js';

/** @throws ConclaveError `auth.role.too-wide` */
export function refuseWiderRole({ scopes }: RequestContext, role: Role): void {
  const missing = roles[role].filter((permission) => !scopes.has(permission));
  if (missing.length > 0) throw new ConclaveError('auth.role.too-wide', { role, missing });
}

/**
 * The member of the caller's workspace, locked for a change after which it is no longer what it was.
 *
 * @throws ConclaveError `auth.member.not-found` | `auth.role.too-wide` | `auth.member.last-administrator`
 */
export async function lockManaged(
  tx: Tx,
  ctx: RequestContext,
  id: string,
  staysAdministrator = false,
): Promise<{ member: Member; at: Caller }> {
  const at = { ...callerOf(ctx), principalId: id };
  const member = await lockChangeable(tx, at, staysAdministrator, ({ role }) => refuseWiderRole(ctx, role));
  return { member, at };
}

/**
 * A member, locked for a change after which it is no longer what it was, whoever wants that.
 *
 * @throws ConclaveError `auth.member.not-found` | `auth.member.last-administrator`
 */
export async function lockChangeable(
  tx: Tx,
  at: Caller,
  staysAdministrator = false,
  allow: (member: Member) => void = () => undefined,
): Promise<Member> {
  const { principalId: id } = at;
  const administrators = await lockAdministrators(tx, at);
  const member = await lockMember(tx, at);
  if (!member) throw new ConclaveError('auth.member.not-found', { id });
  allow(member);
  if (!staysAdministrator && administrators.length === 1 && administrators[0] === id)
    throw new ConclaveError('auth.member.last-administrator', { id });
  return member;
}
