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
} as const satisfies Record<string, CatalogueEntry>;
