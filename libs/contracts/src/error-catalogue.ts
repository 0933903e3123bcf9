/**
 * The closed catalogue of refusals. A code is API: clients branch on it, `docs/failure-modes.md` is generated from it,
 * and each has a test that provokes it. `title` is for people; `action` says what the caller or operator can do.
 */
import type { CatalogueEntry } from './catalogue-entry.js';
import { identityErrors } from './identity-errors.js';
import { proofErrors } from './proof-errors.js';

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
  'request.misdirected': {
    status: 421,
    title: 'No host of this name answers here.',
    action: 'Use the address people use. An operator adds further names to ALLOWED_HOSTS.',
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
  'request.idempotency-forgotten': {
    status: 410,
    title: 'What this answer showed once cannot be shown again: the key it was sealed under was destroyed.',
    action: 'Ask anew, with a new Idempotency-Key.',
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
  ...identityErrors,
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
    title: 'A run of this kind cannot be forked from there.',
    action: 'Fork a review from its first step, `from`: what comes after belongs to one decision.',
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
  'runtime.cap.unknown-name': {
    status: 422,
    title: 'There is no such agent or provider, or that is no id of a workspace.',
    action: 'Name one of `known`, or a workspace by its id.',
  },
  'runtime.cap.too-many': {
    status: 409,
    title: 'The tenant has as many caps as it can.',
    action: 'Take one away: PUT /v1/caps with `slots: null`.',
  },
  'runtime.model.unknown': {
    status: 422,
    title: 'The workspace reaches no such model.',
    action: 'Name one of `known`.',
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
  'service.misconfigured': {
    status: 503,
    title: 'A service needed for this refuses us, and will until somebody corrects how it is set up.',
    action:
      'Tell an operator, who finds more in the log: `service` names it; `reason` is what to correct: `address`, `credentials`, `permission`, `key`, `ciphertext` (what was wrapped is not what it opens) or `answer` (it is something else).',
  },
  'service.internal': {
    status: 500,
    title: 'Something failed on our side.',
    action: 'Look up `traceId` in the logs and report it.',
  },
} as const satisfies Record<string, CatalogueEntry>;
