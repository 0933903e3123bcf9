import { events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { endApiKey } from '../api-keys/end-api-key.js';
import { openApiKeysOf } from '../api-keys/postgres-api-keys.js';
import { revokeLinks } from '../links/make-link.js';
import { endGrants } from '../oauth/end-grants.js';
import { endOwnership } from '../owners/manage-owners.js';
import { endSignIns } from '../sign-ins/end-sign-ins.js';
import type { Caller } from './caller.js';
import { updateMember, type Member } from './postgres-members.js';
import { lockChangeable } from './role-grant.js';

/**
 * Ends a membership, with its keys, links, sign-ins and what programs were allowed. The principal's other workspaces are
 * their own administrators' business. Ending it twice changes nothing.
 *
 * @throws ConclaveError `auth.member.not-found` | `auth.member.last-administrator` | `auth.owner.last`
 */
export async function endMembership(tx: Tx, at: Caller, allow?: (member: Member) => Promise<void>): Promise<Member> {
  const member = await lockChangeable(tx, at, false, allow);
  if (member.disabledAt) return member;
  const { tenantId, workspaceId, principalId } = at;
  const now = new Date();
  await updateMember(tx, at, { disabledAt: now });
  if (member.owner) await endOwnership(tx, tenantId, principalId);
  for (const key of await openApiKeysOf(tx, at)) await endApiKey(tx, tenantId, key, now);
  await revokeLinks(tx, at, now);
  await endSignIns(tx, tenantId, { principalId, workspaceId }, now);
  await endGrants(tx, tenantId, { principalId, workspaceId }, 'member');
  await tx.emit(events.memberDisabled, { principal: principalId, workspace: workspaceId, role: member.role });
  return { ...member, disabledAt: now.toISOString() };
}
