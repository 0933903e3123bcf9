/**
 * What groups of a provider make of people whom its connection made members. Nobody else's role is theirs to say, and a
 * workspace keeps its last administrator whatever they say.
 */
import { ConclaveError, events, roles, type Role } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import type { ConnectionRow } from '../connections/postgres-connections.js';
import type { Provisioning } from '../connections/settings.js';
import { isOwnToSay, type IdentityKey } from '../identities/postgres-identities.js';
import { updateMember } from '../members/postgres-members.js';
import { lockChangeable } from '../members/role-grant.js';
import { isBuiltIn } from '../roles/role-permissions.js';

type AtSight = Extract<Provisioning, { mode: 'just-in-time' }>;

const fromNarrow = Object.keys(roles) as Role[];

/** The widest role that any of the groups gives, else that of everybody. */
export function roleBy({ role, groupRoles = [] }: AtSight, groups: readonly string[] = []): string {
  const given = groupRoles.filter(({ group }) => groups.includes(group)).map((one) => one.role);
  return fromNarrow.findLast((one) => given.includes(one)) ?? role;
}

/** Gives somebody who comes again the role their groups give now. */
export async function settleRole(
  tx: Tx,
  { provisioning }: Pick<ConnectionRow, 'provisioning'>,
  key: IdentityKey,
  principalId: string,
  groups: readonly string[] | undefined,
): Promise<void> {
  if (provisioning.mode !== 'just-in-time' || !provisioning.groupRoles) return;
  const { workspace: workspaceId } = provisioning;
  if (!(await isOwnToSay(tx, key, workspaceId))) return;
  const role = roleBy(provisioning, groups);
  const at = { tenantId: key.tenantId, workspaceId, principalId };
  const member = await lockChangeable(tx, at, role === 'administrator').catch(unlessNobodyChanges);
  // A role of the tenant's own that the connection did not give was given by hand.
  if (!member || member.disabledAt || member.role === role) return;
  if (!isBuiltIn(member.role) && member.role !== provisioning.role) return;
  await updateMember(tx, at, { role });
  await tx.emit(events.memberChanged, { principal: principalId, workspace: workspaceId, role });
}

const nobody: readonly string[] = ['auth.member.not-found', 'auth.member.last-administrator'];

function unlessNobodyChanges(error: unknown): undefined {
  if (!(error instanceof ConclaveError) || !nobody.includes(error.code)) throw error;
}
