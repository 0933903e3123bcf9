/**
 * Rules about who may decide: how diverse an electorate must be, how much of it one voter or lineage may be, who must
 * be there and who must not.
 *
 * Caps are shares of the *eligible* weight, so they are settled when a decision opens: an electorate that breaks one is
 * refused, and no weight is ever scaled. What absence can undo, families and roles, is asked again of those who were
 * counted: too few of them, and nothing is decided. Exact: shares are compared by cross-multiplication.
 */
import { fraction, label, type Fraction } from './primitives.js';
import { integer, list, object, type Of } from './shape.js';

export const electorateRulesShape = object(
  {},
  {
    /** Different lineages among those who vote, neither abstaining nor absent. */
    minFamilies: integer(1, 1_000),
    /** Largest share of the eligible weight that one family may hold. */
    familyCap: fraction,
    /** Largest share of the eligible weight that one voter may hold. */
    voterCap: fraction,
    /** Roles that so many of those who vote must have. */
    minRoles: list(object({ role: label(100), count: integer(1, 1_000) }), 20),
    /** Separation of duties: voters, or the people who enrolled their keys, that may not sit. */
    excluded: list(label(100), 100),
  },
);
export type ElectorateRules = Of<typeof electorateRulesShape>;

/** What these rules look at in a voter. */
export interface Elector {
  readonly voterId: string;
  readonly family: string;
  readonly roles: readonly string[];
  readonly weight: number;
}

/** Why an electorate may not sit. */
export type ElectorateFault =
  'cap-range' | 'voter-cap' | 'family-cap' | 'too-few-families' | 'role-missing' | 'voter-excluded';

/** What keeps these voters from sitting under these rules; the path is that of the terms. */
export function faultOfElectorate(
  electorate: readonly Elector[],
  rules: ElectorateRules = {},
): { readonly reason: ElectorateFault; readonly path: string } | undefined {
  const { familyCap, voterCap, excluded = [] } = rules;
  const improper = (cap?: Fraction) => cap !== undefined && (cap.num === 0 || cap.num > cap.den);
  if (improper(familyCap) || improper(voterCap)) return { reason: 'cap-range', path: '/electorateRules' };
  const whole = weightOf(electorate);
  const voter = electorate.findIndex(
    ({ voterId, weight }) => excluded.includes(voterId) || (voterCap && exceeds(weight, whole, voterCap)),
  );
  if (voter >= 0) {
    const reason = excluded.includes(electorate[voter]!.voterId) ? 'voter-excluded' : 'voter-cap';
    return { reason, path: `/electorate/${voter}` };
  }
  const families = new Map<string, number>();
  for (const { family, weight } of electorate) families.set(family, (families.get(family) ?? 0) + weight);
  if (familyCap && [...families.values()].some((weight) => exceeds(weight, whole, familyCap)))
    return { reason: 'family-cap', path: '/electorate' };
  const absent = shortfallOf(electorate, rules);
  return absent && { reason: absent, path: '/electorate' };
}

/** What is missing among voters who may be fewer than the electorate. */
export function shortfallOf(
  voters: readonly Elector[],
  { minFamilies = 0, minRoles = [] }: ElectorateRules = {},
): 'too-few-families' | 'role-missing' | undefined {
  if (new Set(voters.map(({ family }) => family)).size < minFamilies) return 'too-few-families';
  const holders = (role: string) => voters.filter(({ roles }) => roles.includes(role)).length;
  return minRoles.some(({ role, count }) => holders(role) < count) ? 'role-missing' : undefined;
}

function weightOf(voters: readonly Elector[]): number {
  return voters.reduce((sum, { weight }) => sum + weight, 0);
}

function exceeds(part: number, whole: number, cap: Fraction): boolean {
  return BigInt(part) * BigInt(cap.den) > BigInt(cap.num) * BigInt(whole);
}
