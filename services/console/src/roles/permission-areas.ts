import type { Permission } from '@conclave/contracts';

type Resource = Permission extends `${infer R}:${string}` ? R : never;

export interface Area {
  readonly title: string;
  readonly permissions: readonly Permission[];
}

const titles = [
  ...(['Runs and budgets', 'Decisions', 'Audit and analytics', 'Integrations'] as const),
  ...(['People and access', 'Organisation', 'Yourself'] as const),
];

const areaOf: Readonly<Record<Resource, (typeof titles)[number]>> = {
  run: 'Runs and budgets',
  budget: 'Runs and budgets',
  decision: 'Decisions',
  ballot: 'Decisions',
  'voter-key': 'Decisions',
  tally: 'Decisions',
  audit: 'Audit and analytics',
  analytics: 'Audit and analytics',
  package: 'Integrations',
  webhook: 'Integrations',
  secret: 'Integrations',
  member: 'People and access',
  workspace: 'People and access',
  'api-key': 'People and access',
  scim: 'People and access',
  'access-review': 'People and access',
  'break-glass': 'People and access',
  role: 'Organisation',
  policy: 'Organisation',
  connection: 'Organisation',
  'oauth-client': 'Organisation',
  tenant: 'Organisation',
  platform: 'Organisation',
  self: 'Yourself',
};

/** Permissions by what they are about, in the order in which people look for them. */
export function byArea(permissions: readonly Permission[]): readonly Area[] {
  return titles
    .map((title) => ({
      title,
      permissions: permissions.filter((permission) => areaOf[permission.split(':')[0] as Resource] === title),
    }))
    .filter((area) => area.permissions.length > 0);
}
