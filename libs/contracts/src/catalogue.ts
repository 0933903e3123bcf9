import type { Contract } from './contract.js';
import type { EventContract } from './events/event.js';
import * as accessReviews from './rpc/access-reviews.js';
import * as audit from './rpc/audit.js';
import * as auth from './rpc/auth.js';
import * as breakGlass from './rpc/break-glass.js';
import * as budgets from './rpc/budgets.js';
import * as caps from './rpc/caps.js';
import * as models from './rpc/models.js';
import * as connections from './rpc/connections.js';
import * as consensus from './rpc/consensus.js';
import * as delivery from './rpc/delivery.js';
import * as directories from './rpc/directories.js';
import * as invitations from './rpc/invitations.js';
import * as mailDomains from './rpc/mail-domains.js';
import * as mails from './rpc/mails.js';
import * as marketplace from './rpc/marketplace.js';
import * as mfa from './rpc/mfa.js';
import * as metrics from './rpc/metrics.js';
import * as oauth from './rpc/oauth.js';
import * as passkeys from './rpc/passkeys.js';
import * as records from './rpc/records.js';
import * as runs from './rpc/runs.js';
import * as runtime from './rpc/runtime.js';
import * as secrets from './rpc/secrets.js';
import * as scim from './rpc/scim.js';
import * as sessions from './rpc/sessions.js';
import * as signInPolicy from './rpc/sign-in-policy.js';
import * as signIns from './rpc/sign-ins.js';
import * as triggers from './rpc/triggers.js';
import * as tenants from './rpc/tenants.js';
import * as tenantRoles from './rpc/tenant-roles.js';
import * as policies from './rpc/policies.js';
import { readEvents } from './rpc/events.js';
import * as events from './events/catalogue.js';

const isContract = (value: unknown): value is Contract =>
  typeof value === 'object' && value !== null && 'subject' in value;

/** Every operation there is. */
export const contracts: readonly Contract[] = [
  ...[
    auth,
    connections,
    directories,
    signIns,
    signInPolicy,
    secrets,
    passkeys,
    mfa,
    invitations,
    oauth,
    mailDomains,
    mails,
    scim,
    runtime,
    runs,
    budgets,
    caps,
    models,
    sessions,
    triggers,
    consensus,
    audit,
    records,
    metrics,
    marketplace,
    delivery,
    tenantRoles,
    tenants,
    policies,
    accessReviews,
    breakGlass,
  ].flatMap((module) => Object.values(module).filter(isContract)),
  ...Object.values(readEvents),
];

/** Every event there is. */
export const eventContracts: readonly EventContract[] = Object.values(events);

export { events };
