/** Refusals about tenants as such: who owns one, and what operators do with it. */
import type { CatalogueEntry } from './catalogue-entry.js';

export const tenantErrors = {
  'auth.owner.last': {
    status: 409,
    title: 'This is the tenant’s last owner.',
    action: 'Make somebody else an owner first.',
  },
  'auth.owner.too-many': {
    status: 409,
    title: 'The tenant has its most owners.',
    action: 'Take it from another first.',
  },
  'auth.tenant.not-found': { status: 404, title: 'No such tenant.', action: 'List the tenants with GET /v1/tenants.' },
  'auth.tenant.exists': { status: 409, title: 'A tenant of this name exists.', action: 'Choose another name.' },
  'auth.tenant.suspended': {
    status: 403,
    title: 'This tenant is suspended.',
    action: 'Ask whoever operates the platform; everything is there and goes on when they say so.',
  },
  'auth.tenant.protected': {
    status: 409,
    title: 'This is the operators’ own tenant.',
    action: 'Nothing: without it nobody could operate the platform.',
  },
  'auth.tenant.not-suspended': {
    status: 409,
    title: 'Only a suspended tenant can be erased.',
    action: 'Suspend it first.',
  },
  'auth.tenant.name-mismatch': {
    status: 422,
    title: 'This is not the name of the tenant.',
    action: 'Look at the tenant, and write its name as it is there.',
  },
  'auth.tenant.erasing': {
    status: 409,
    title: 'This tenant is to be erased.',
    action: 'Cancel the erasure first; once it has begun nothing stops it.',
  },
  'auth.tenant.not-erasing': {
    status: 404,
    title: 'No erasure of this tenant was asked for.',
    action: 'See the state of the tenant with GET /v1/tenants/{id}.',
  },
  'auth.limit.reached': {
    status: 409,
    title: 'The tenant has its most of these.',
    action: 'Remove some, or ask whoever operates the platform for more; `limit` says of what, `most` how many.',
  },
  'auth.branding.unfit': {
    status: 422,
    title: 'This cannot be shown at the door.',
    action: 'Choose a colour that white text is readable on, or a smaller PNG; `reason` says what is wrong.',
  },
} as const satisfies Record<string, CatalogueEntry>;
