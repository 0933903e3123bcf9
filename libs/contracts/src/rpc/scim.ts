/** Directories that provision people and groups (SCIM 2.0, RFC 7643 and 7644), and what a group's members may do. */
import { z } from 'zod';
import { contract } from '../contract.js';
import { idOf } from '../ids.js';
import { jsonObject, name, pageOf, pageQuery } from '../page.js';
import { roleName } from './tenant-roles.js';

export const scimMethods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

/** One request below `/scim/v2`, as the edge read it; all of the protocol is the owner's, its refusals among them. */
export const scimRequest = contract({
  owner: 'auth',
  subject: 'auth.v1.scim.request',
  permission: 'scim:provision',
  request: z.strictObject({
    method: z.enum(scimMethods),
    /** Where `/scim/v2` is, for the locations of resources: an address, or the path alone where the edge has none. */
    base: z.union([z.url().max(300), z.literal('/scim/v2')]),
    /** What follows it: `Users/prn_…`. */
    path: z.string().max(200),
    query: z.record(z.string().max(50), z.string().max(2_000)),
    body: jsonObject.optional(),
    /** The header If-Match. */
    ifMatch: z.string().max(200).optional(),
  }),
  reply: z.object({
    status: z.number().int(),
    body: jsonObject.optional(),
    etag: z.string().optional(),
    location: z.string().optional(),
  }),
});

const group = z.object({
  id: idOf('group'),
  name,
  /** What members of the group are in the workspace; the widest of all their groups counts. */
  role: roleName.optional(),
  members: z.number().int(),
});

export const listGroups = contract({
  owner: 'auth',
  subject: 'auth.v1.group.list',
  permission: 'member:read',
  request: z.strictObject(pageQuery),
  reply: pageOf(group),
  http: {
    method: 'GET',
    path: '/v1/groups',
    summary: 'Groups of the directory, and the roles they give',
    tag: 'identity',
    stability: 'beta',
  },
});

/** Gives the members of a group a role, built-in or the tenant's own, or with `null` none; none wider than the caller's credential. */
export const setGroupRole = contract({
  owner: 'auth',
  subject: 'auth.v1.group.set-role',
  permission: 'member:manage',
  stepUp: true,
  request: z.strictObject({ id: idOf('group'), role: roleName.nullable() }),
  reply: group,
  errors: ['auth.group.not-found', 'auth.member.last-administrator', 'auth.role.not-found', 'auth.role.too-wide'],
  http: {
    method: 'PUT',
    path: '/v1/groups/{id}/role',
    summary: 'Say what the members of a group are in the workspace',
    tag: 'identity',
    stability: 'beta',
  },
});
