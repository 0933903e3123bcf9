/**
 * The closed catalogue of refusals. A code is API: clients branch on it, `docs/failure-modes.md` is generated from it,
 * and each has a test that provokes it. `title` is for people; `action` says what the caller or operator can do.
 */
export interface CatalogueEntry {
  readonly status: number;
  readonly title: string;
  readonly action: string;
  readonly retryable?: true;
}

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
    action: 'Send `Authorization: Bearer <API key>`.',
  },
  'auth.forbidden': {
    status: 403,
    title: 'The credential does not permit this.',
    action: 'Ask an administrator for the permission named in `permission`.',
  },
  'auth.csrf': {
    status: 403,
    title: 'A sign-in cookie needs the x-conclave-csrf header.',
    action: 'Send the header with the value from sign-in.',
  },
  'auth.api-key.not-found': { status: 404, title: 'No such API key.', action: 'List the keys with GET /v1/api-keys.' },
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
  'auth.member.last-administrator': {
    status: 409,
    title: 'The workspace would be left without an administrator.',
    action: 'Make another member administrator first.',
  },
  'auth.role.too-wide': {
    status: 403,
    title: 'Nobody manages a role wider than what their credential permits.',
    action: 'Choose a narrower role, or use a key that holds the permissions named in `missing`.',
  },
  'auth.scope.too-wide': {
    status: 403,
    title: 'A key cannot grant more than its maker holds.',
    action: 'Ask for fewer scopes.',
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
  'runtime.panel.not-installed': {
    status: 409,
    title: 'The panel named by the request or by .conclave/ is not installed.',
    action: 'Install it with POST /v1/installations.',
  },
  'consensus.decision.not-found': {
    status: 404,
    title: 'No such decision.',
    action: 'List the decisions with GET /v1/decisions.',
  },
  'consensus.decision.exists': {
    status: 409,
    title: 'A decision with this id is open under other terms.',
    action: 'Use a new id.',
  },
  'consensus.decision.phase': {
    status: 409,
    title: 'The decision is not in a phase that accepts this.',
    action: 'Read the decision; `phase` names where it is.',
  },
  'consensus.decision.malformed': {
    status: 422,
    title: 'The terms of the decision contradict each other.',
    action: 'Correct what `reason` names.',
  },
  'consensus.decision.claim': {
    status: 403,
    title: 'Only the platform may say which panel judges and what evaluates for a voter.',
    action: 'Leave out the members named in `members`, or have a panel decide with POST /v1/reviews.',
  },
  'consensus.ballot.late': {
    status: 409,
    title: 'The decision no longer accepts ballots.',
    action: 'Nothing can be done: the order of the log is the clock.',
  },
  'consensus.ballot.not-a-voter': {
    status: 403,
    title: 'This voter is not in the electorate.',
    action: 'Vote with a key that was enrolled before the decision opened.',
  },
  'consensus.ballot.signature': {
    status: 403,
    title: 'The signature does not verify under the enrolled key.',
    action: 'Sign the ballot bytes as docs describe.',
  },
  'consensus.ballot.equivocation': {
    status: 409,
    title: 'This voter has already cast a different ballot.',
    action: 'The voter is void for this decision; both ballots are kept as evidence.',
  },
  'consensus.ballot.malformed': {
    status: 422,
    title: 'The ballot does not fit the rule.',
    action: 'Correct what `reason` names.',
  },
  'consensus.ballot.reveal-mismatch': {
    status: 409,
    title: 'The revealed ballot does not open the commitment.',
    action: 'Reveal the committed ballot and salt.',
  },
  'consensus.evidence.unknown-gate': {
    status: 422,
    title: 'The decision has no such gate.',
    action: 'Use a gate named in the decision.',
  },
  'consensus.evidence.conflict': {
    status: 409,
    title: 'This gate has already reported something else.',
    action: 'Evidence is immutable; cancel and open again.',
  },
  'consensus.voter-key.refused': {
    status: 422,
    title: 'The public key is not acceptable.',
    action: 'Use a canonical Ed25519 key that is not of low order.',
  },
  'consensus.voter-key.not-found': {
    status: 404,
    title: 'No such voter key.',
    action: 'Enrol one with POST /v1/voter-keys.',
  },
  'consensus.voter-key.exists': {
    status: 409,
    title: 'The voter has another key.',
    action: 'Revoke the old one first.',
  },
  'consensus.receipt.pending': {
    status: 409,
    title: 'The decision is not sealed in a published checkpoint yet.',
    action: 'Retry in a second.',
    retryable: true,
  },
  'consensus.tally.malformed': {
    status: 400,
    title: 'The tally input contradicts itself.',
    action: 'Correct what `reason` names.',
  },
  'audit.log.empty': {
    status: 404,
    title: 'The log has no checkpoint yet.',
    action: 'The first audited event creates one within a second.',
    retryable: true,
  },
  'audit.proof.range': {
    status: 400,
    title: 'The index or size lies outside the log.',
    action: 'Use a size no larger than the checkpoint and an index below the size.',
  },
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

export type ErrorCode = keyof typeof errorCatalogue;

/** Refusals that any route can give: what stands before the handler gives them, so contracts do not list them. */
export const generalErrors = [
  'request.invalid',
  'request.malformed',
  'request.too-large',
  'request.media-type',
  'request.deadline',
  'request.rate-limited',
  'request.idempotency-mismatch',
  'request.idempotency-key',
  'route.unknown',
  'route.method',
  'auth.unauthenticated',
  'auth.forbidden',
  'auth.csrf',
  'service.unavailable',
  'service.internal',
] as const satisfies readonly ErrorCode[];

/** Whether the same request can succeed later without being changed. */
export function isRetryable(code: ErrorCode): boolean {
  const entry: CatalogueEntry = errorCatalogue[code];
  return entry.retryable === true;
}

/** A refusal from the catalogue. `params` travel to the client, so they never hold secrets. */
export class ConclaveError extends Error {
  override readonly name = 'ConclaveError';
  constructor(
    readonly code: ErrorCode,
    readonly params: Readonly<Record<string, unknown>> = {},
    options?: ErrorOptions,
  ) {
    super(errorCatalogue[code].title, options);
  }
}

/** RFC 9457 problem details; `code` is the stable part, other members are its params. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly [param: string]: unknown;
}

/** The problem document of a refusal. Params come first: none can pass itself off as a member of ours. */
export function problemOf(error: ConclaveError): Problem {
  const entry: CatalogueEntry = errorCatalogue[error.code];
  return {
    ...error.params,
    type: `urn:conclave:problem:${error.code}`,
    title: entry.title,
    status: entry.status,
    code: error.code,
    action: entry.action,
    ...(isRetryable(error.code) ? { retryable: true } : {}),
  };
}

/** The refusal a problem document describes; an unknown code (a newer service) becomes `service.internal`. */
export function errorOf(problem: unknown): ConclaveError {
  if (typeof problem !== 'object' || problem === null || !('code' in problem))
    return new ConclaveError('service.internal');
  const {
    code,
    type: _type,
    title: _title,
    status: _status,
    action: _action,
    retryable: _retryable,
    ...params
  } = problem as Record<string, unknown>;
  return typeof code === 'string' && Object.hasOwn(errorCatalogue, code)
    ? new ConclaveError(code as ErrorCode, params)
    : new ConclaveError('service.internal', { unknownCode: code });
}
