import type { Permission } from '@conclave/contracts';
import type { IconName } from '../design/icon.js';

export interface Place {
  readonly to: string;
  readonly title: string;
  readonly icon: IconName;
  /** Without it the place is not offered. */
  readonly permission?: Permission;
}

/** Where one can go, in groups. */
export const places: readonly { readonly title: string; readonly places: readonly Place[] }[] = [
  {
    title: 'Work',
    places: [
      { to: '/runs', title: 'Runs', icon: 'activity', permission: 'run:read' },
      { to: '/decisions', title: 'Decisions', icon: 'decision', permission: 'decision:read' },
      { to: '/analytics', title: 'Analytics', icon: 'bars', permission: 'analytics:read' },
    ],
  },
  {
    title: 'Proof',
    places: [
      { to: '/verify', title: 'Verify a receipt', icon: 'shield' },
      { to: '/audit', title: 'Audit log', icon: 'log', permission: 'audit:read' },
    ],
  },
  {
    title: 'Workspace',
    places: [
      { to: '/members', title: 'Members', icon: 'people', permission: 'member:read' },
      { to: '/roles', title: 'Roles', icon: 'badge', permission: 'member:read' },
      { to: '/groups', title: 'Groups', icon: 'branch', permission: 'member:read' },
      { to: '/api-keys', title: 'API keys', icon: 'key', permission: 'api-key:manage' },
      { to: '/access-reviews', title: 'Access reviews', icon: 'list', permission: 'access-review:manage' },
      { to: '/emergency-access', title: 'Emergency access', icon: 'alert', permission: 'member:read' },
      { to: '/packages', title: 'Packages', icon: 'box', permission: 'package:read' },
      { to: '/webhooks', title: 'Webhooks', icon: 'bolt', permission: 'webhook:manage' },
    ],
  },
  {
    title: 'Organisation',
    places: [
      { to: '/tenant', title: 'Tenant', icon: 'building', permission: 'tenant:manage' },
      { to: '/policies', title: 'Policies', icon: 'gate', permission: 'policy:read' },
      { to: '/connections', title: 'Sign-in providers', icon: 'door', permission: 'connection:manage' },
      { to: '/programs', title: 'Programs', icon: 'plug', permission: 'oauth-client:manage' },
    ],
  },
  {
    title: 'Yours',
    places: [
      { to: '/you', title: 'You', icon: 'person', permission: 'self:manage' },
      { to: '/voter-keys', title: 'Voter keys', icon: 'pen', permission: 'voter-key:enrol' },
    ],
  },
];
