import type { Contract, RequestInputOf } from '@conclave/contracts';

/** A request as HTTP sends it. */
export interface HttpParts {
  readonly method: string;
  /** Path with its parameters filled in, and the query. */
  readonly target: string;
  /** JSON text; absent where the method carries its members in the query. */
  readonly body?: string;
}

/**
 * Splits a request: members named in the path go there, the rest into the query of a GET or DELETE, else into the body.
 *
 * @throws TypeError for an operation without an HTTP route
 */
export function httpParts<C extends Contract>(contract: C, request: RequestInputOf<C>): HttpParts {
  if (!contract.http) throw new TypeError(`${contract.subject} has no HTTP route`);
  const { method, path } = contract.http;
  const rest = new Map(Object.entries(request as Record<string, unknown>).filter(([, value]) => value !== undefined));
  const filled = path.replaceAll(/\{(\+?)(\w+)\}/g, (_, whole: string, name: string) => {
    const value = scalar(rest.get(name));
    rest.delete(name);
    return whole ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value);
  });
  if (method !== 'GET' && method !== 'DELETE') {
    return { method, target: filled, ...(rest.size > 0 ? { body: JSON.stringify(Object.fromEntries(rest)) } : {}) };
  }
  const query = new URLSearchParams(
    [...rest].map(([name, value]): [string, string] => [name, scalar(value)]),
  ).toString();
  return { method, target: query ? `${filled}?${query}` : filled };
}

/** Paths and queries carry scalars; anything else is a fault of the contract. */
function scalar(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TypeError('only text, numbers and truth values fit into a path or query');
}
