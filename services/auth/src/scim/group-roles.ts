import { ConclaveError, events, type Role } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { lockChangeable } from '../members/role-grant.js';
import { updateMember, type Member } from '../members/postgres-members.js';
import { isBuiltIn, permissionsOf } from '../roles/role-permissions.js';
import { givenRole, keepGivenRole, rolesByGroups, type Directory } from './postgres-scim.js';

/** What people of a directory are in the workspace: the widest that any of their groups gives. */
@Injectable()
export class GroupRoles {
  /** Of people whose groups give none. */
  readonly unlessGroupsSay: Role = 'viewer';

  /** The role with the most permissions; of equally wide ones the built-in one, or else the first by name. */
  async of(tx: Tx, at: Directory, principalId: string): Promise<string> {
    const given = [];
    for (const role of (await rolesByGroups(tx, at, principalId)).toSorted())
      given.push({ role, permissions: (await permissionsOf(tx, at.tenantId, role))?.length ?? 0 });
    given.sort((a, b) => b.permissions - a.permissions || Number(isBuiltIn(b.role)) - Number(isBuiltIn(a.role)));
    return given[0]?.role ?? this.unlessGroupsSay;
  }

  /**
   * Gives these people, whose groups have changed, the role they have now.
   *
   * @throws ConclaveError `auth.member.last-administrator`
   */
  async settle(tx: Tx, at: Directory, principals: readonly string[]): Promise<void> {
    for (const principalId of principals) {
      const role = await this.of(tx, at, principalId);
      const member = await lockChangeable(tx, { ...at, principalId }, role === 'administrator').catch(ofNobody);
      if (!member || member.disabledAt || member.role === role || (await isByHand(tx, at, member))) continue;
      await this.give(tx, at, principalId, role);
      await tx.emit(events.memberChanged, { principal: principalId, workspace: at.workspaceId, role });
    }
  }

  /** Makes the person what their groups say, and a member if they are none. */
  async give(tx: Tx, at: Directory, principalId: string, role: string): Promise<void> {
    await updateMember(tx, { ...at, principalId }, { disabledAt: null, role });
    await keepGivenRole(tx, at, principalId, role);
  }
}

/** A role of the tenant's own that no group gave was given by hand, and is not the directory's to take. */
const isByHand = async (tx: Tx, at: Directory, { role, principal }: Member): Promise<boolean> =>
  !isBuiltIn(role) && role !== (await givenRole(tx, at, principal.id));

function ofNobody(error: unknown): undefined {
  if (!(error instanceof ConclaveError) || error.code !== 'auth.member.not-found') throw error;
}
