import { events, newId } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { lineOf } from '../members/line-of.js';
import { GroupRoles } from './group-roles.js';
import {
  changeMembers,
  conditionOf,
  deleteGroup,
  groups,
  insertGroup,
  knownUsers,
  lockGroup,
  membersOf,
  updateGroup,
  type Directory,
  type GroupRow,
  type GroupState,
  type MemberOfGroup,
} from './postgres-scim.js';
import { listOf, narrowed, type ListAsked } from './listing.js';
import { externalIdIn, notFound, refuse, type Json } from './protocol.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const GROUP_LIMIT = 1_000;
/** A group with all its members has to fit a message. */
const MEMBER_LIMIT = 4_000;

/** Groups of a directory; they give nothing until an administrator says what their members are. */
@Injectable()
export class ScimGroups {
  constructor(private readonly roles: GroupRoles) {}

  async list(tx: Tx, at: Directory, asked: ListAsked, view: (resource: Json) => Json, bare: boolean): Promise<Json> {
    const { where, rest } = narrowed(asked.filter, (attribute) => conditionOf('Groups', attribute));
    const rows = await groups(tx, at, { ...(where && { where }), limit: GROUP_LIMIT + 1 });
    if (rows.length > GROUP_LIMIT) refuse(400, `there are more than ${GROUP_LIMIT} groups`, 'tooMany');
    const page = listOf(await this.resourcesOf(tx, at, rows, bare), asked, rest);
    return { ...page, Resources: (page['Resources'] as Json[]).map(view) };
  }

  async read(tx: Tx, at: Directory, id: string): Promise<Json> {
    const row = (await lockGroup(tx, at, id)) ?? notFound(id);
    return (await this.resourcesOf(tx, at, [row]))[0]!;
  }

  async create(tx: Tx, at: Directory, received: Json): Promise<Json> {
    const { state, members } = stateOf(received);
    const id = newId('group');
    await this.mustBeKnown(tx, at, members);
    await insertGroup(tx, at, id, state);
    await changeMembers(tx, at, id, { added: members, removed: [] });
    await tx.emit(events.groupChanged, { group: id, workspace: at.workspaceId, added: members });
    return this.read(tx, at, id);
  }

  /** Makes the group what the directory says it is; what it says again changes nothing. */
  async become(tx: Tx, at: Directory, id: string, received: Json): Promise<Json> {
    const before = (await lockGroup(tx, at, id)) ?? notFound(id);
    const { state, members } = stateOf(received);
    const known = new Set((await membersOf(tx, at, [id])).map(({ value }) => value));
    const added = members.filter((member) => !known.has(member));
    const removed = [...known].filter((member) => !members.includes(member));
    const named = before.display_name === state.displayName && before.external_id === state.externalId;
    if (named && added.length === 0 && removed.length === 0) return this.read(tx, at, id);
    await this.mustBeKnown(tx, at, added);
    await updateGroup(tx, at, id, state);
    await changeMembers(tx, at, id, { added, removed });
    await tx.emit(events.groupChanged, { group: id, workspace: at.workspaceId, added, removed });
    if (before.role !== null) await this.roles.settle(tx, at, [...added, ...removed]);
    return this.read(tx, at, id);
  }

  async remove(tx: Tx, at: Directory, id: string): Promise<void> {
    const { role } = (await lockGroup(tx, at, id)) ?? notFound(id);
    const members = await membersOf(tx, at, [id]);
    await deleteGroup(tx, at, id);
    await tx.emit(events.groupDeleted, { group: id, workspace: at.workspaceId });
    if (role !== null)
      await this.roles.settle(
        tx,
        at,
        members.map(({ value }) => value),
      );
  }

  private async mustBeKnown(tx: Tx, at: Directory, members: readonly string[]): Promise<void> {
    const known = await knownUsers(tx, at, members);
    const stranger = members.find((member) => !known.has(member));
    if (stranger !== undefined) refuse(400, `there is no user ${stranger.slice(0, 100)}`, 'invalidValue');
  }

  private async resourcesOf(tx: Tx, at: Directory, rows: readonly GroupRow[], bare = false): Promise<Json[]> {
    const members = bare
      ? []
      : await membersOf(
          tx,
          at,
          rows.map(({ id }) => id),
        );
    const byGroup = Map.groupBy(members, ({ group_id }) => group_id);
    return rows.map((row) => resourceOf(row, byGroup.get(row.id) ?? []));
  }
}

function stateOf({ displayName, externalId, members = [] }: Json): { state: GroupState; members: string[] } {
  if (typeof displayName !== 'string' || lineOf(displayName) === '' || displayName.length > 320)
    refuse(400, 'displayName is 1 to 320 characters, some of which show', 'invalidValue');
  const ids = (members as readonly { readonly value?: string; readonly type?: string }[]).map(({ value, type }) => {
    if (type?.toLowerCase() === 'group') refuse(400, 'groups of groups are not supported', 'invalidValue');
    return value ?? refuse(400, 'a member has a value', 'invalidValue');
  });
  const distinct = [...new Set(ids)];
  if (distinct.length > MEMBER_LIMIT) refuse(400, `a group has at most ${MEMBER_LIMIT} members`, 'tooMany');
  return { state: { displayName, externalId: externalIdIn(externalId) }, members: distinct };
}

function resourceOf(row: GroupRow, members: readonly MemberOfGroup[]): Json {
  return {
    schemas: [CORE],
    id: row.id,
    displayName: row.display_name,
    ...(row.external_id !== null && { externalId: row.external_id }),
    ...(members.length > 0 && { members: members.map(({ value }) => ({ value, type: 'User' })) }),
    meta: {
      created: row.created_at.toISOString(),
      lastModified: row.changed_at.toISOString(),
      version: `W/"${row.version}"`,
    },
  };
}
