import { isDeepStrictEqual } from 'node:util';
import { events, isName, newId } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { refuseBeyond } from '../limits/postgres-limits.js';
import type { Member } from '../members/postgres-members.js';
import { endMembership } from '../members/end-membership.js';
import { isUniqueViolation } from '../unique-violation.js';
import { lineOf } from '../members/line-of.js';
import { keepProfile } from '../members/postgres-persons.js';
import { GroupRoles } from './group-roles.js';
import {
  conditionOf,
  countUsers,
  deleteUser,
  insertUser,
  markEnded,
  updateUser,
  userOf,
  users,
  type Directory,
  type UserRow,
  type UserState,
} from './postgres-scim.js';
import { listOf, narrowed, type ListAsked } from './listing.js';
import { externalIdIn, notFound, pageOf, refuse, type Json } from './protocol.js';

const CORE = 'urn:ietf:params:scim:schemas:core:2.0:User';
const ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
/** A person as the directory describes them, in bytes: a hundred fit a message. */
const RESOURCE_BYTES = 8_000;
/** People that a filter is tried on which the database cannot answer. */
const SCAN_LIMIT = 10_000;

/** People of a directory: members of the workspace, who end with `active: false` and begin again with `true`. */
@Injectable()
export class ScimUsers {
  constructor(private readonly roles: GroupRoles) {}

  /** Looked for is who is active here, whether the directory said a word of it or not (RFC 7643 § 4.1.1 leaves it to us). */
  async list(tx: Tx, at: Directory, asked: ListAsked, view: (resource: Json) => Json): Promise<Json> {
    const { filter, sortBy, startIndex, count } = asked;
    if (!filter && sortBy === undefined) {
      const [rows, total] = await Promise.all([
        users(tx, at, { limit: count, offset: startIndex - 1 }),
        countUsers(tx, at),
      ]);
      return pageOf(
        rows.map((row) => view(resourceOf(row))),
        total,
        startIndex,
      );
    }
    const { where, rest } = narrowed(filter, (attribute) => conditionOf('Users', attribute));
    const rows = await users(tx, at, { ...(where && { where }), limit: SCAN_LIMIT + 1, offset: 0 });
    if (rows.length > SCAN_LIMIT) refuse(400, `more than ${SCAN_LIMIT} people would have to be looked at`, 'tooMany');
    const told = new Map<Json, UserRow>(rows.map((row) => [{ ...resourceOf(row), active: row.active }, row]));
    const page = listOf([...told.keys()], asked, rest);
    return { ...page, Resources: (page['Resources'] as Json[]).map((one) => view(resourceOf(told.get(one)!))) };
  }

  /** The person; locked, nobody else changes them until the transaction ends. */
  async read(tx: Tx, at: Directory, id: string, isLocked: boolean): Promise<Json> {
    return resourceOf((await userOf(tx, at, id, { isLocked })) ?? notFound(id));
  }

  async create(tx: Tx, at: Directory, received: Json): Promise<Json> {
    const { state, active } = stateOf({ active: true, ...received });
    await refuseBeyond(tx, at.tenantId, 'members');
    const [id, createdAt] = [newId('principal'), new Date()];
    const role = this.roles.unlessGroupsSay;
    const inserted = insertUser(tx, at, { ...state, id, role, profile: profileOf(state), at: createdAt });
    // It does not wait for the answer to the first, whose error is the one that counts.
    const told = tx.emit(events.memberAdded, { principal: id, workspace: at.workspaceId, role });
    told.catch(() => undefined);
    await inserted.catch(refuseTaken);
    await told;
    if (active === false) await this.end(tx, at, id);
    return resourceOf({
      ...{ id, user_name: state.userName, external_id: state.externalId, resource: state.resource },
      ...{
        version: 1,
        created_at: createdAt,
        changed_at: createdAt,
        active: active !== false,
        ended: false,
        groups: [],
      },
    });
  }

  /** Makes the person what the directory says they are; what it says again changes nothing. */
  async become(tx: Tx, at: Directory, id: string, received: Json): Promise<Json> {
    const before = (await userOf(tx, at, id, { isLocked: true })) ?? notFound(id);
    const { state, active = before.active } = stateOf(received);
    const known = { userName: before.user_name, externalId: before.external_id, resource: before.resource };
    if (isDeepStrictEqual(known, state) && (active === before.active || !before.ended)) return resourceOf(before);
    await updateUser(tx, at, id, state).catch(refuseTaken);
    await keepProfile(tx, at.tenantId, id, profileOf(state));
    await tx.emit(events.personChanged, { principal: id, workspace: at.workspaceId });
    if (before.active && !active) await this.end(tx, at, id);
    if (before.ended && active) await this.begin(tx, at, id);
    return this.read(tx, at, id, false);
  }

  async remove(tx: Tx, at: Directory, id: string): Promise<void> {
    const { active } = (await userOf(tx, at, id, { isLocked: true })) ?? notFound(id);
    if (active) await endMembership(tx, { ...at, principalId: id }, refuseOwner);
    await deleteUser(tx, at, id);
  }

  private async end(tx: Tx, at: Directory, id: string): Promise<void> {
    await endMembership(tx, { ...at, principalId: id }, refuseOwner);
    await markEnded(tx, at, id, true);
  }

  /** A member again; keys and sign-ins that ended stay ended. Whom an administrator disabled stays so. */
  private async begin(tx: Tx, at: Directory, id: string): Promise<void> {
    await refuseBeyond(tx, at.tenantId, 'members');
    const role = await this.roles.of(tx, at, id);
    await markEnded(tx, at, id, false);
    await this.roles.give(tx, at, id, role);
    await tx.emit(events.memberAdded, { principal: id, workspace: at.workspaceId, role });
  }
}

/** Whoever holds a directory's key must not decide who owns the tenant: an owner goes when owners say so. */
async function refuseOwner({ owner }: Member): Promise<void> {
  if (owner) refuse(403, 'this person owns the tenant; another owner ends that first (DELETE /v1/owners/{id})');
}

const refuseTaken = (error: unknown): never =>
  isUniqueViolation(error, 'scim_user_name') ? refuse(409, 'the userName is taken', 'uniqueness') : raise(error);
const raise = (error: unknown): never => {
  throw error;
};

function stateOf(received: Json): { state: UserState; active: boolean | undefined } {
  const { userName, externalId, ...rest } = received;
  const { schemas: _schemas, id: _id, meta: _meta, groups: _groups, password: _password, ...resource } = rest;
  if (typeof userName !== 'string' || !isName(userName) || userName.length > 320)
    refuse(400, 'userName is 1 to 320 characters that show', 'invalidValue');
  if (Buffer.byteLength(JSON.stringify(resource)) > RESOURCE_BYTES)
    refuse(400, `a person is described in at most ${RESOURCE_BYTES} bytes`, 'invalidValue');
  return {
    state: { userName, externalId: externalIdIn(externalId), resource },
    active: resource['active'] as boolean | undefined,
  };
}

function resourceOf(row: UserRow): Json {
  return {
    schemas: ENTERPRISE in row.resource ? [CORE, ENTERPRISE] : [CORE],
    id: row.id,
    userName: row.user_name,
    ...(row.external_id !== null && { externalId: row.external_id }),
    ...row.resource,
    // What the directory says nothing of is not told, unless somebody else ended the membership.
    ...(('active' in row.resource || !(row.active || row.ended)) && { active: row.active }),
    ...(row.groups.length > 0 && { groups: row.groups }),
    meta: {
      created: row.created_at.toISOString(),
      lastModified: row.changed_at.toISOString(),
      version: `W/"${row.version}"`,
    },
  };
}

/** What others here see: a name that fits a line, the primary address, the language. */
function profileOf({ userName, resource }: UserState) {
  const { displayName, name, emails, locale, preferredLanguage } = resource as {
    readonly displayName?: string;
    readonly name?: { readonly formatted?: string; readonly givenName?: string; readonly familyName?: string };
    readonly emails?: readonly { readonly value?: string; readonly primary?: boolean }[];
    readonly locale?: string;
    readonly preferredLanguage?: string;
  };
  const parts = [name?.givenName, name?.familyName].filter((part) => part !== undefined).join(' ');
  const called = [displayName, name?.formatted, parts, userName].map((text) => lineOf(text ?? '')).find((text) => text);
  const email = (emails?.find(({ primary }) => primary) ?? emails?.[0])?.value ?? null;
  return {
    name: called!,
    email: email === null ? null : email.slice(0, 254),
    locale: (locale ?? preferredLanguage)?.slice(0, 35) ?? null,
  };
}
