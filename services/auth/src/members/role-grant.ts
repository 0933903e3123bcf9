/**
 * Who may manage whom: nobody gives, takes or ends a role that holds a permission their credential does not. A workspace
 * always keeps an administrator, or nobody could ever manage it again.
 */
import { ConclaveError, ownerPermissions, type Permission } from '@conclave/contracts';
import type { RequestContext } from '@conclave/nest-kit';
import type { Tx } from '@conclave/postgres-kit';
import { permissionsOf } from '../roles/role-permissions.js';
import { callerOf, type Caller } from './caller.js';
import { lockAdministrators, lockMember, type Member } from './postgres-members.js';

/** @throws ConclaveError `auth.role.not-found` | `auth.role.too-wide` */
export async function refuseWiderRole(tx: Tx, { tenantId, scopes }: RequestContext, role: string): Promise<void> {
  const granted = await permissionsOf(tx, tenantId, role);
  if (!granted) throw new ConclaveError('auth.role.not-found', { name: role });
  refuseWider(scopes, role, granted);
}

/** Of a member who was disabled, the role may have been deleted since. @throws ConclaveError `auth.role.too-wide` */
export async function refuseMightier(
  tx: Tx,
  { tenantId, scopes }: RequestContext,
  { role, owner }: Member,
): Promise<void> {
  refuseWider(scopes, role, (await permissionsOf(tx, tenantId, role, owner)) ?? []);
}

/**
 * Who owns a tenant, and whom a provider may speak for, decides who may do everything there: it takes a credential that
 * may itself.
 *
 * @throws ConclaveError `auth.role.too-wide`
 */
export const refuseLessThanOwner = ({ scopes }: RequestContext): void => refuseWider(scopes, 'owner', ownerPermissions);

/** @throws ConclaveError `auth.role.too-wide` */
export function refuseWider(held: ReadonlySet<Permission>, role: string, granted: readonly Permission[]): void {
  const missing = granted.filter((permission) => !held.has(permission));
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
  const member = await lockChangeable(tx, at, staysAdministrator, (member) => refuseMightier(tx, ctx, member));
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
  allow: (member: Member) => Promise<void> | void = () => undefined,
): Promise<Member> {
  const { principalId: id } = at;
  const administrators = await lockAdministrators(tx, at);
  const member = await lockMember(tx, at);
  if (!member) throw new ConclaveError('auth.member.not-found', { id });
  await allow(member);
  if (!staysAdministrator && administrators.length === 1 && administrators[0] === id)
    throw new ConclaveError('auth.member.last-administrator', { id });
  return member;
}
