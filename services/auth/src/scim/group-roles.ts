import { ConclaveError, events, roles, type Role } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { lockChangeable } from '../members/role-grant.js';
import { updateMember } from '../members/postgres-members.js';
import { isBuiltIn } from '../roles/role-permissions.js';
import { rolesByGroups, type Directory } from './postgres-scim.js';

const fromNarrow = Object.keys(roles) as Role[];

/** What people of a directory are in the workspace: the widest that any of their groups gives. */
@Injectable()
export class GroupRoles {
  /** Of people whose groups give none. */
  readonly unlessGroupsSay: Role = 'viewer';

  async of(tx: Tx, at: Directory, principalId: string): Promise<Role> {
    const given = await rolesByGroups(tx, at, principalId);
    return fromNarrow.findLast((role) => given.includes(role)) ?? this.unlessGroupsSay;
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
      // A role of the tenant's own was given by hand, and is not the directory's to take.
      if (!member || member.disabledAt || member.role === role || !isBuiltIn(member.role)) continue;
      await updateMember(tx, { ...at, principalId }, { role });
      await tx.emit(events.memberChanged, { principal: principalId, workspace: at.workspaceId, role });
    }
  }
}

function ofNobody(error: unknown): undefined {
  if (!(error instanceof ConclaveError) || error.code !== 'auth.member.not-found') throw error;
}
