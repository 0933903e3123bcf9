/** Shorthand for tallies in tests. */
import type { TallyResult } from '../receipt/predicate.js';
import { tally } from '../tally.js';

/** The result of an input that must be well-formed. */
export function counted(input: unknown): TallyResult {
  const answer = tally(input);
  if (!answer.ok) throw new Error(`refused: ${answer.refusal.reason} at ${answer.refusal.path}`);
  return answer.value;
}

/** `5 × "ACB"` as ballots: one letter per option, best first. */
export function rankings(profile: Readonly<Record<string, number>>) {
  return Object.entries(profile).map(([order, count]) => ({ ranking: [...order].map((option) => [option]), count }));
}
