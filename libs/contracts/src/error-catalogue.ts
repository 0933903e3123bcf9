/**
 * The closed catalogue of refusals. A code is API: clients branch on it, `docs/failure-modes.md` is generated from it,
 * and each has a test that provokes it. `title` is for people; `action` says what the caller or operator can do.
 */
import type { CatalogueEntry } from './catalogue-entry.js';
import { connectedErrors } from './connected-errors.js';
import { identityErrors } from './identity-errors.js';
import { oauthErrors } from './oauth-errors.js';
import { proofErrors } from './proof-errors.js';
import { secondFactorErrors } from './second-factor-errors.js';
import { tenantErrors } from './tenant-errors.js';

export const errorCatalogue = {
  'request.invalid': {
    status: 400,
    title: 'The request does not match its schema.',
    action: 'Correct the members named in `issues`.',
  },
  'request.malformed': {
    status: 400,
    title: 'The request cannot be read.',
    action: 'Send HTTP/1.1, and a body as UTF-8 JSON; `reason` says what is wrong with this one.',
  },
  'request.too-large': {
    status: 413,
    title: 'The body is larger than this route accepts.',
    action: 'Send less; `limitBytes` names the limit.',
  },
  'request.media-type': {
    status: 415,
    title: 'The content type is not accepted here.',
    action: 'Use the content type named in `accepted`.',
  },
  'request.deadline': {
    status: 504,
    title: 'The deadline passed before the work was done.',
    action: 'Retry with the same Idempotency-Key.',
    retryable: true,
  },
  'request.rate-limited': {
    status: 429,
    title: 'Too many requests.',
    action: 'Wait for Retry-After seconds.',
    retryable: true,
  },
  'request.idempotency-mismatch': {
    status: 422,
    title: 'This Idempotency-Key was used with another request.',
    action: 'Use a new key for a new request.',
  },
  'request.idempotency-key': {
    status: 400,
    title: 'The Idempotency-Key is not acceptable.',
    action: 'Send 1 to 200 visible ASCII characters.',
  },
  'route.unknown': { status: 404, title: 'There is no such route.', action: 'See /openapi.json.' },
  'route.method': {
    status: 405,
    title: 'The route exists, but not for this method.',
    action: 'Use a method named in the Allow header.',
  },
  'auth.unauthenticated': {
    status: 401,
    title: 'A valid credential is required.',
    action: 'Send `Authorization: Bearer <API key or access token>`.',
  },
  'auth.forbidden': {
    status: 403,
    title: 'The credential does not permit this.',
    action: 'Ask an administrator for the permission named in `permission`, or about the `policies` that forbid it.',
  },
  'auth.address.refused': {
    status: 403,
    title: 'The credential is not good from this address.',
    action: 'Use it from one of its `allowedAddresses`; `address` is where the request came from as the edge sees it.',
  },
  'auth.csrf': {
    status: 403,
    title: 'A sign-in cookie needs the x-conclave-csrf header, or for a WebSocket a page of this address.',
    action: 'Send the header with the value from sign-in; open WebSockets from the console’s own address.',
  },
  'auth.api-key.not-found': { status: 404, title: 'No such API key.', action: 'List the keys with GET /v1/api-keys.' },
  'auth.sign-in.not-found': { status: 404, title: 'No such sign-in.', action: 'List yours with GET /v1/sign-ins.' },
  'auth.passkey.not-found': {
    status: 404,
    title: 'No such passkey.',
    action: 'List yours with GET /v1/mfa/passkeys.',
  },
  'auth.passkey.refused': {
    status: 422,
    title: 'The passkey cannot be taken.',
    action: 'Ask for a new challenge and make it again; `reason` says what was wrong.',
  },
  'auth.passkeys-unavailable': {
    status: 503,
    title: 'This installation takes no passkeys.',
    action: 'An operator names the console’s address in PUBLIC_URL: https, or http at localhost.',
  },
  ...secondFactorErrors,
  'auth.link.invalid': {
    status: 410,
    title: 'The link is not valid: it was used, revoked, replaced, or has expired.',
    action: 'Ask whoever sent it for another.',
  },
  'auth.invitation.not-found': {
    status: 404,
    title: 'No such invitation, or it was accepted.',
    action: 'List those that are open with GET /v1/invitations.',
  },
  ...oauthErrors,
  'auth.workspace.exists': { status: 409, title: 'A workspace of this name exists.', action: 'Choose another name.' },
  'auth.workspace.not-found': {
    status: 404,
    title: 'No such workspace, or not one you may manage members of.',
    action: 'List your workspaces with GET /v1/workspaces.',
  },
  'auth.member.not-found': {
    status: 404,
    title: 'No such member of the workspace.',
    action: 'List the members with GET /v1/members.',
  },
  'auth.group.not-found': {
    status: 404,
    title: 'No such group of the directory.',
    action: 'List the groups with GET /v1/groups.',
  },
  'auth.member.last-administrator': {
    status: 409,
    title: 'The workspace would be left without an administrator.',
    action: 'Make another member administrator first.',
  },
  ...tenantErrors,
  'auth.role.not-found': { status: 404, title: 'No such role.', action: 'List the roles with GET /v1/roles.' },
  'auth.role.exists': {
    status: 409,
    title: 'A role of this name exists.',
    action: 'Choose another name; those of the built-in roles are taken.',
  },
  'auth.role.built-in': {
    status: 409,
    title: 'A built-in role stays as it is.',
    action: 'Create a role of your own with POST /v1/roles.',
  },
  'auth.role.in-use': {
    status: 409,
    title: 'Members hold this role, or a connection gives it.',
    action: 'Give them another role first, in every workspace: members and connections (`provisioning`).',
  },
  'auth.role.too-many': {
    status: 409,
    title: 'The tenant has as many roles as it may have.',
    action: 'Delete one that nobody holds; `limit` names the number.',
  },
  'auth.connection.not-found': {
    status: 404,
    title: 'No such connection.',
    action: 'List the connections with GET /v1/connections.',
  },
  'auth.connection.exists': {
    status: 409,
    title: 'A connection of this name exists.',
    action: 'Choose another name.',
  },
  'auth.connection.invalid': {
    status: 422,
    title: 'Nobody could be trusted who came through this connection.',
    action: 'Correct what `reason` names.',
  },
  'auth.connection.too-many': {
    status: 409,
    title: 'The tenant has as many connections as it may have.',
    action: 'Delete one that is not needed; `limit` names the number.',
  },
  'auth.connection.refused': {
    status: 403,
    title: 'The sign-in was refused.',
    action: 'Begin again at the sign-in page; an operator finds the reason in the log of auth.',
  },
  ...connectedErrors,
  'auth.identity.taken': {
    status: 409,
    title: 'The provider’s name for this person belongs to somebody else.',
    action: 'Unlink the other person first.',
  },
  'auth.role.too-wide': {
    status: 403,
    title: 'Nobody manages a role wider than what their credential permits.',
    action: 'Choose a narrower role, or use a key that holds the permissions named in `missing`.',
  },
  ...identityErrors,
  'auth.policy.not-found': {
    status: 404,
    title: 'No such policy.',
    action: 'List the policies with GET /v1/policies.',
  },
  'auth.policy.invalid': {
    status: 422,
    title: 'The policy is not one that can be set.',
    action:
      'Correct what `issues` names, at its line and column; GET /v1/policy-schema says what policies can speak of.',
  },
  'auth.policy.too-many': {
    status: 409,
    title: 'The tenant has as many policies, or as much text in them, as it may have.',
    action: 'Delete one that is not needed; `limit` and `limitBytes` name the numbers.',
  },
  'auth.scope.too-wide': {
    status: 403,
    title: 'A key cannot grant more than its maker holds.',
    action: 'Ask for fewer scopes.',
  },
  'auth.address.too-wide': {
    status: 403,
    title: 'A key is good from no more addresses than the key it is made with.',
    action: 'Ask for networks within those of your key, or leave `allowedAddresses` out.',
  },
  'auth.secret.exists': {
    status: 409,
    title: 'A secret of this name exists.',
    action: 'Give it a new value with PUT /v1/secrets/{id}.',
  },
  'auth.secret.not-found': { status: 404, title: 'No such secret.', action: 'List the secrets with GET /v1/secrets.' },
  'auth.secret.unreadable': {
    status: 410,
    title: 'The key this secret was sealed under was destroyed.',
    action: 'Give it a new value with PUT /v1/secrets/{id}.',
  },
  'runtime.upload.too-large': {
    status: 413,
    title: 'The upload is larger than allowed.',
    action: 'Send fewer commits or smaller files; `limitBytes` names the limit.',
  },
  'runtime.upload.not-found': {
    status: 404,
    title: 'No such upload.',
    action: 'Upload the bundle first with POST /v1/uploads.',
  },
  'runtime.run.not-found': { status: 404, title: 'No such run.', action: 'List the runs with GET /v1/runs.' },
  'runtime.run.finished': { status: 409, title: 'The run has already ended.', action: 'Start a new run.' },
  'runtime.run.no-result': {
    status: 409,
    title: 'The run has no result yet.',
    action: 'Wait for the run to end, for example with GET /v1/runs/{id}/events.',
    retryable: true,
  },
  'runtime.run.without-result': {
    status: 409,
    title: 'The run ended without a result.',
    action: 'Read why in its `failure`, with GET /v1/runs/{id}; `state` says how it ended.',
  },
  'runtime.graph.invalid': {
    status: 422,
    title: 'The tasks do not make a graph that can run.',
    action:
      'Correct what `fault` names; the other members say where. A task may refer only to what its `dependsOn` names.',
  },
  'runtime.agent.unavailable': {
    status: 409,
    title: 'The agent cannot work on this installation.',
    action: 'Ask an operator for what `reason` says it lacks.',
  },
  'runtime.session.not-found': {
    status: 404,
    title: 'No such session.',
    action: 'Start one with POST /v1/sessions.',
  },
  'runtime.session.archived': {
    status: 409,
    title: 'The session is archived.',
    action: 'Start another one with POST /v1/sessions.',
  },
  'runtime.trigger.not-found': {
    status: 404,
    title: 'No such trigger.',
    action: 'List the triggers with GET /v1/triggers.',
  },
  'runtime.trigger.malformed': {
    status: 422,
    title: 'The trigger could never fire, or is of another kind.',
    action: 'Correct what `reason` names.',
  },
  'runtime.trigger.too-many': {
    status: 409,
    title: 'The workspace has as many triggers as it may have.',
    action: 'Delete one that is not needed; `limit` names the number.',
  },
  'runtime.trigger.disabled': {
    status: 409,
    title: 'The trigger is turned off.',
    action: 'Turn it on with PATCH /v1/triggers/{id}.',
  },
  'runtime.trigger.owner-disabled': {
    status: 409,
    title: 'The owner of the trigger is no longer a member of the workspace.',
    action: 'Change it with PATCH /v1/triggers/{id}: whoever does owns it.',
  },
  'runtime.trigger.signature': {
    status: 401,
    title: 'The delivery is not signed with the secret of the trigger, or not now.',
    action: 'Sign it as Standard Webhooks describes, with a clock that is right to five minutes.',
  },
  'runtime.run.not-paused': { status: 409, title: 'The run is not paused.', action: 'Nothing has to be done.' },
  'runtime.run.not-ended': {
    status: 409,
    title: 'The run is still going on.',
    action: 'Wait for its end, or cancel it first.',
    retryable: true,
  },
  'runtime.run.not-forkable': {
    status: 409,
    title: 'A run of this kind cannot be forked.',
    action: 'Start a new run; a review belongs to one decision.',
  },
  'runtime.run.too-many-messages': {
    status: 409,
    title: 'The run has as many messages as it may have.',
    action: 'Start a new run; `limit` names the number.',
  },
  'runtime.step.not-found': {
    status: 404,
    title: 'The run has no such step.',
    action: 'List its steps with GET /v1/runs/{id}/steps; `pos` is the number.',
  },
  'runtime.journal.gone': {
    status: 410,
    title: 'The journal of this run is no longer kept.',
    action: 'Its result is still there; the operator sets how long journals are kept.',
  },
  'runtime.wait.not-found': {
    status: 404,
    title: 'The run waits for no answer there.',
    action: 'List what it waits for with GET /v1/runs/{id}/waits.',
  },
  'runtime.wait.closed': {
    status: 409,
    title: 'Another answer, or the end of the time, came first.',
    action: 'Read the wait for what was taken.',
  },
  'runtime.wait.ambiguous': {
    status: 409,
    title: 'The run waits for more than one answer.',
    action: 'Name the task; `tasks` lists them.',
  },
  'runtime.answer.unfit': {
    status: 422,
    title: 'The answer does not fit the question.',
    action: 'Send what `expected` names.',
  },
  'runtime.budget.not-found': {
    status: 404,
    title: 'No such budget.',
    action: 'List the budgets with GET /v1/budgets.',
  },
  'runtime.budget.scope-not-found': {
    status: 404,
    title: 'No such tenant, workspace or run, or not one of yours.',
    action: 'Name a run of your workspace, or leave `scopeId` out for your own tenant or workspace.',
  },
  'runtime.panel.not-installed': {
    status: 409,
    title: 'The panel named by the request or by .conclave/ is not installed.',
    action: 'Install it with POST /v1/installations.',
  },
  ...proofErrors,
  'marketplace.package.not-found': {
    status: 404,
    title: 'No such package.',
    action: 'List the packages with GET /v1/packages.',
  },
  'marketplace.installation.not-found': {
    status: 404,
    title: 'No such installation.',
    action: 'List the installations with GET /v1/installations.',
  },
  'marketplace.release.not-found': {
    status: 404,
    title: 'No such release of the package.',
    action: 'Read the package for its releases.',
  },
  'delivery.webhook.not-found': {
    status: 404,
    title: 'No such webhook.',
    action: 'List the webhooks with GET /v1/webhooks.',
  },
  'delivery.webhook.address': {
    status: 422,
    title: 'The address is not allowed as a webhook target.',
    action: 'Use a public https address, or have the operator allow the network.',
  },
  'delivery.webhook.too-many': {
    status: 409,
    title: 'The tenant has as many webhooks as it may have.',
    action: 'Delete one that is not needed; `limit` names the number.',
  },
  'service.unavailable': {
    status: 503,
    title: 'A service needed for this is not answering.',
    action: 'Retry; `service` names it.',
    retryable: true,
  },
  'service.internal': {
    status: 500,
    title: 'Something failed on our side.',
    action: 'Look up `traceId` in the logs and report it.',
  },
} as const satisfies Record<string, CatalogueEntry>;
