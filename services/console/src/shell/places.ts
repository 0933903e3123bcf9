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
    title: 'Settings',
    places: [
      { to: '/packages', title: 'Packages', icon: 'box', permission: 'package:read' },
      { to: '/webhooks', title: 'Webhooks', icon: 'bolt', permission: 'webhook:manage' },
      { to: '/voter-keys', title: 'Voter keys', icon: 'pen', permission: 'voter-key:enrol' },
      { to: '/members', title: 'Members', icon: 'people', permission: 'member:read' },
      { to: '/connections', title: 'Sign-in providers', icon: 'shield', permission: 'connection:manage' },
      { to: '/tenant', title: 'Tenant', icon: 'box', permission: 'tenant:manage' },
      { to: '/programs', title: 'Programs', icon: 'box', permission: 'oauth-client:manage' },
      { to: '/api-keys', title: 'API keys', icon: 'key', permission: 'api-key:manage' },
      { to: '/you', title: 'You', icon: 'person', permission: 'self:manage' },
    ],
  },
];
