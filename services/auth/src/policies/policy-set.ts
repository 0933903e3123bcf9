import { createHash } from 'node:crypto';
import type { Policy, PolicySet } from '@conclave/nest-kit/policy';

/** The policies with the name of their content. */
export function policySetOf(policies: readonly Policy[]): PolicySet {
  const content = policies.map(({ id, source }) => ({ id, source }));
  if (content.length === 0) return { policies: [] };
  return { digest: createHash('sha256').update(JSON.stringify(content)).digest('base64url'), policies: content };
}
