export { Cedar, type DetailedError } from './cedar.js';
export { PolicyBundles, type PolicySource, type Refusal } from './policy-bundles.js';
export { cedarRequest, cedarSchema, isBelowPolicies, type Question } from './question.js';
export { ALLOWED, verdictOf, type Policy, type PolicySet, type Verdict } from './verdict.js';
