/**
 * What a tenant's policies say to a request that the caller's role permits already. They can only forbid: the one
 * `permit` is that of the role, and it is never written by a tenant. A policy that fails on the request forbids it, or
 * an error would open what the policy was to close.
 */
import type { Cedar } from './cedar.js';
import { cedarRequest, type Question } from './question.js';

export interface Policy {
  readonly id: string;
  readonly source: string;
}

/** All policies of a tenant, at one moment. */
export interface PolicySet {
  /** Names the content; undefined when there is none. */
  readonly digest?: string | undefined;
  /** The version they are of, as entries of the log name it. */
  readonly bundle?: string | undefined;
  readonly policies: readonly Policy[];
}

export interface Verdict {
  readonly allowed: boolean;
  /** The policies that forbade it. */
  readonly policies: readonly string[];
  /** Those that are about such an action, when none forbade it. */
  readonly passed: readonly string[];
}

/** No policy of a tenant can be called this. */
const BY_ROLE = 'permitted by role';

export const ALLOWED: Verdict = { allowed: true, policies: [], passed: [] };

/** `name` is where the parsed policies are kept; others there are replaced. */
export function verdictOf(cedar: Cedar, name: string, set: PolicySet, question: Question): Verdict {
  if (set.digest === undefined) return ALLOWED;
  const policies = Object.fromEntries(set.policies.map(({ id, source }) => [id, source]));
  const actions = cedar.prepare(name, set.digest, { ...policies, [BY_ROLE]: 'permit (principal, action, resource);' });
  const call = { ...cedarRequest(question), preparsedPolicySetId: name };
  const answer = cedar.use((module) => module.statefulIsAuthorized(call));
  if (answer.type === 'failure') throw new Error(`no verdict: ${answer.errors[0]?.message}`);
  const { decision, diagnostics } = answer.response;
  if (decision === 'allow' && diagnostics.errors.length === 0) {
    const passed = set.policies.filter(({ id }) => actions.get(id)?.includes(question.action) ?? true);
    return { ...ALLOWED, passed: passed.map(({ id }) => id) };
  }
  const forbidding = decision === 'deny' ? diagnostics.reason : [];
  return {
    allowed: false,
    passed: [],
    policies: [...forbidding, ...diagnostics.errors.map(({ policyId }) => policyId)].sort(),
  };
}
