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
  'secret:manage',
  'self:read',
  'self:manage',
  'scim:provision',
  'oauth-client:manage',
] as const;

export type Permission = (typeof permissions)[number];

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
  administrator: [...permissions],
} as const satisfies Record<string, readonly Permission[]>;

export type Role = keyof typeof roles;
