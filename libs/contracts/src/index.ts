export * from './ids.js';
export * from './errors.js';
export * from './contract.js';
export * from './permissions.js';
export * from './verdict.js';
export { controlsOfText, isName, type JsonValue } from './page.js';
export * from './events/event.js';
export { contracts, eventContracts, events } from './catalogue.js';
export { edgeRoutes, type EdgeAccess, type EdgeRoute } from './edge-routes.js';
export * from './nats-permissions.js';
export { peerSubjects, runsChanged, runsEnded, tokensSaid, turnsReady, type PeerSubject } from './live.js';
export {
  jsonSchema,
  openApiDocument,
  problemResponses,
  type OpenApiDocument,
  type OpenApiOperation,
} from './openapi.js';
export * as auth from './rpc/auth.js';
export * as connections from './rpc/connections.js';
export * as directories from './rpc/directories.js';
export * as signInPolicy from './rpc/sign-in-policy.js';
export * as signIns from './rpc/sign-ins.js';
export * as secrets from './rpc/secrets.js';
export * as mfa from './rpc/mfa.js';
export * as passkeys from './rpc/passkeys.js';
export * as invitations from './rpc/invitations.js';
export * as oauth from './rpc/oauth.js';
export * as mailDomains from './rpc/mail-domains.js';
export * as mails from './rpc/mails.js';
export * as scim from './rpc/scim.js';
export * as runtime from './rpc/runtime.js';
export * as runs from './rpc/runs.js';
export * as accessReviews from './rpc/access-reviews.js';
export * as breakGlass from './rpc/break-glass.js';
export * as tenants from './rpc/tenants.js';
export * as tenantRoles from './rpc/tenant-roles.js';
export * as policies from './rpc/policies.js';
export * as budgets from './rpc/budgets.js';
export * as caps from './rpc/caps.js';
export * as models from './rpc/models.js';
export * as sessions from './rpc/sessions.js';
export * as triggers from './rpc/triggers.js';
export * as consensus from './rpc/consensus.js';
export * as audit from './rpc/audit.js';
export * as records from './rpc/records.js';
export * as metrics from './rpc/metrics.js';
export * as marketplace from './rpc/marketplace.js';
export * as delivery from './rpc/delivery.js';
export { readEvents, type EventProducer } from './rpc/events.js';
export type { Finding, ReviewResult, Run, RunEvent, TaskResults, TokenFrame } from './rpc/runtime.js';
export type { CreateRunRequest, ReplayResult, Wait } from './rpc/runs.js';
export type { Budget } from './rpc/budgets.js';
export type { Session, SessionMessage } from './rpc/sessions.js';
export type { Fired, Trigger, TriggerSource } from './rpc/triggers.js';
export type { Decision } from './rpc/consensus.js';
