/** Actions a principal can be permitted, `<kind of resource>:<verb>`, and the built-in roles as sets of them. */
export const permissions = [
  'run:create',
  'run:read',
  'run:cancel',
  'run:control',
  'run:answer',
  'budget:read',
  'budget:manage',
  'decision:open',
  'decision:read',
  'ballot:cast',
  'voter-key:enrol',
  'tally:compute',
  'audit:read',
  'audit:write',
  'audit:manage',
  'analytics:read',
  'package:read',
  'package:install',
  'webhook:manage',
  'api-key:manage',
  'workspace:manage',
  'member:read',
  'member:manage',
  'role:manage',
  'policy:read',
  'policy:manage',
  'connection:manage',
  'tenant:manage',
  'platform:operate',
  'secret:manage',
  'self:read',
  'self:manage',
  'scim:provision',
  'access-review:manage',
  'break-glass:open',
  'oauth-client:manage',
] as const;

export type Permission = (typeof permissions)[number];

/** What concerns every workspace of a tenant, so that its owners alone may. */
const ofOwners: readonly Permission[] = [
  ...(['role:manage', 'policy:manage', 'connection:manage', 'oauth-client:manage', 'tenant:manage'] as const),
];

/** What concerns every tenant: it is of the operators' own, and nobody elsewhere ever holds it. */
export const ofOperators: Permission = 'platform:operate';

/** What a tenant's owners may in every workspace they belong to. */
export const ownerPermissions: readonly Permission[] = permissions.filter((permission) => permission !== ofOperators);

/** What a role can be made of. */
export const workspacePermissions: readonly Permission[] = ownerPermissions.filter(
  (permission) => !ofOwners.includes(permission),
);

const reader: readonly Permission[] = [
  'run:read',
  'budget:read',
  'decision:read',
  'audit:read',
  'analytics:read',
  'package:read',
  'tally:compute',
  'member:read',
  'self:read',
  'self:manage',
];
const developer: readonly Permission[] = [
  ...reader,
  'run:create',
  'run:cancel',
  'run:control',
  'run:answer',
  'decision:open',
  'ballot:cast',
  'voter-key:enrol',
];

/** Built-in roles, widest last. */
export const roles = {
  auditor: ['audit:read', 'decision:read', 'policy:read', 'self:read', 'self:manage', 'tally:compute'],
  viewer: reader,
  developer,
  administrator: workspacePermissions,
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof roles;

/** What outlasts an emergency, or could hide what was done in one. */
const LASTING: readonly Permission[] = [
  'run:create',
  'secret:manage',
  'package:install',
  'audit:manage',
  'self:manage',
  'voter-key:enrol',
  'webhook:manage',
  'api-key:manage',
  'workspace:manage',
  'member:manage',
  'scim:provision',
  'access-review:manage',
  'break-glass:open',
];

/** What emergency access permits beside a member's role. */
export const emergencyPermissions: readonly Permission[] = workspacePermissions.filter((one) => !LASTING.includes(one));
