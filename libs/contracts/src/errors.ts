import type { CatalogueEntry } from './catalogue-entry.js';
import { errorCatalogue } from './error-catalogue.js';

export { errorCatalogue, type CatalogueEntry };

export type ErrorCode = keyof typeof errorCatalogue;

/** Refusals that any route can give: what stands before the handler gives them, so contracts do not list them. */
export const generalErrors = [
  'request.invalid',
  'request.malformed',
  'request.too-large',
  'request.media-type',
  'request.misdirected',
  'request.deadline',
  'request.rate-limited',
  'request.idempotency-mismatch',
  'request.idempotency-forgotten',
  'request.idempotency-key',
  'route.unknown',
  'route.method',
  'auth.unauthenticated',
  'auth.forbidden',
  'auth.address.refused',
  'auth.tenant.suspended',
  'auth.csrf',
  'service.unavailable',
  'service.misconfigured',
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
