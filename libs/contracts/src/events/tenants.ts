/** What auth tells of tenants as such, and what every owner answers when one is erased. */
import { z } from 'zod';
import { serviceNames, type ServiceName } from '../contract.js';
import { idOf } from '../ids.js';
import { timestamp } from '../page.js';
import { event } from './event.js';

/** Nobody of the tenant gets in, and what runs there waits; in its own log. */
export const tenantSuspended = event({
  type: 'tenant.suspended',
  producer: 'auth',
  consumers: ['gateway', 'runtime', 'consensus', 'delivery', 'audit'],
  audited: true,
  personal: ['reason'],
  data: z.object({ tenant: idOf('tenant'), reason: z.string() }),
});

export const tenantResumed = event({
  type: 'tenant.resumed',
  producer: 'auth',
  consumers: ['gateway', 'runtime', 'consensus', 'delivery', 'audit'],
  audited: true,
  data: z.object({ tenant: idOf('tenant') }),
});

/** What an operator did with a tenant; in the operators' own log. */
export const tenantOperated = event({
  type: 'tenant.operated',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  ofOperators: true,
  personal: ['reason'],
  data: z.object({
    tenant: idOf('tenant'),
    /** `create`, `suspend`, `resume`, `request-erasure`, `cancel-erasure` or `limit`. */
    act: z.string(),
    reason: z.string().optional(),
  }),
});

/** What a tenant may have at most from now on; in its own log. */
export const limitsChanged = event({
  type: 'limits.changed',
  producer: 'auth',
  consumers: ['runtime', 'audit'],
  audited: true,
  data: z.object({ limits: z.record(z.string(), z.number().int()) }),
});

/** How the tenant shows itself at the door; `changed` names what is new. */
export const brandingChanged = event({
  type: 'branding.changed',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  data: z.object({ changed: z.array(z.string()) }),
});

/** Every owner erases what it holds of the tenant, and answers. Like the answers it is the operators' event. */
export const tenantErasing = event({
  type: 'tenant.erasing',
  producer: 'auth',
  consumers: ['runtime', 'consensus', 'audit', 'metrics', 'marketplace', 'delivery'],
  audited: true,
  ofOperators: true,
  data: z.object({ tenant: idOf('tenant') }),
});

const answer = z.object({
  tenant: idOf('tenant'),
  /** How many rows are gone. */
  rows: z.number().int(),
  /** What the owner says besides: of the log, its last signed checkpoint. */
  detail: z.object({ checkpoint: z.string().optional() }),
});

const erasedBy = (producer: ServiceName) =>
  event({
    type: `tenant.erased-by-${producer}`,
    producer,
    consumers: ['auth'],
    audited: false,
    ofOperators: true,
    data: answer,
  });

export const tenantErasedByRuntime = erasedBy('runtime');
export const tenantErasedByConsensus = erasedBy('consensus');
export const tenantErasedByAudit = erasedBy('audit');
export const tenantErasedByMetrics = erasedBy('metrics');
export const tenantErasedByMarketplace = erasedBy('marketplace');
export const tenantErasedByDelivery = erasedBy('delivery');

/** Nothing is left of the tenant but this: who answered what, and when. */
export const tenantErased = event({
  type: 'tenant.erased',
  producer: 'auth',
  consumers: ['audit'],
  audited: true,
  ofOperators: true,
  data: z.object({
    tenant: idOf('tenant'),
    dataKeys: z.number().int(),
    answers: z.array(answer.omit({ tenant: true }).extend({ service: z.enum(serviceNames), at: timestamp })),
  }),
});
