/**
 * What a pipeline demands of a receipt, beyond its being genuine: a JSON file on the reader's side, version 1. Unknown
 * members are refused, so that a demand that is misspelt cannot pass as met.
 */
import { outsideKeys, type ReceiptSummary, type TrustPolicy } from '@conclave/verify';
import { usage } from '../fault.js';

export interface Policy {
  readonly outcome?: string;
  readonly panel?: string;
  readonly panelSha256?: string;
  readonly origin?: string;
  readonly repository?: string;
  readonly maxAgeHours?: number;
  readonly minCounted?: number;
  readonly minExternalCustody?: number;
  /** Raises the threshold of the trust root's witnesses. */
  readonly minWitnesses?: number;
}

const TEXTS = ['outcome', 'panel', 'panelSha256', 'origin', 'repository'] as const;
/** A clock may be behind the platform's by this much. */
const SKEW_HOURS = 0.1;
const NUMBERS = ['maxAgeHours', 'minCounted', 'minExternalCustody', 'minWitnesses'] as const;

/** @throws Fault `cli.usage` for anything that is not a policy */
export function parsePolicy(text: string, file: string): Policy {
  const refuse = (reason: string) => usage(`${file} is not a policy: ${reason}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refuse('not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw refuse('an object was expected');
  const { version, ...demands } = value as Record<string, unknown>;
  if (version !== 1) throw refuse('version is not 1');
  for (const [name, demand] of Object.entries(demands)) {
    const isText = (TEXTS as readonly string[]).includes(name);
    if (!isText && !(NUMBERS as readonly string[]).includes(name)) throw refuse(`${name} is not known`);
    if (isText && typeof demand !== 'string') throw refuse(`${name} is not a text`);
    if (!isText && !(typeof demand === 'number' && demand >= 0)) throw refuse(`${name} is not a number from 0`);
  }
  return demands;
}

/** The trust root under the policy's demand of witnesses, which the verification itself then makes. */
export function underPolicy(trust: TrustPolicy, { minWitnesses = 0 }: Policy): TrustPolicy {
  const { keys, threshold } = trust.witnesses;
  return { ...trust, witnesses: { keys, threshold: Math.max(threshold, minWitnesses) } };
}

/**
 * The demands a receipt does not meet, in words; what is waived is as good as approved. `now` is milliseconds since the epoch; `voters` are the keys the trust
 * root pins, without which nobody but the platform says who holds a key.
 */
export function unmetDemands(
  policy: Policy,
  receipt: ReceiptSummary,
  {
    now,
    voters,
    waived = false,
  }: { readonly now: number; readonly voters: TrustPolicy['voters']; readonly waived?: boolean },
): string[] {
  const { outcome, origin, subject, times, ballots } = receipt;
  const shown = {
    outcome: waived && policy.outcome === 'approved' ? policy.outcome : outcome.status,
    panel: receipt.policy?.panel,
    panelSha256: receipt.policy?.panelSha256,
    origin,
    repository: subject?.repository,
  };
  const counted = ballots.filter(({ status }) => status === 'counted');
  const ageHours = (now - Date.parse(times.endedAt)) / 3_600_000;
  const numbers = {
    minCounted: counted.length,
    minExternalCustody: outsideKeys(ballots, voters ?? []),
  };
  return [
    ...TEXTS.filter((name) => policy[name] !== undefined && policy[name] !== shown[name]).map(
      (name) => `${name} is ${shown[name] ?? 'not stated'}, but must be ${policy[name]}`,
    ),
    ...(['minCounted', 'minExternalCustody'] as const)
      .filter((name) => numbers[name] < (policy[name] ?? 0))
      .map((name) => `${name} is ${policy[name]}, but there are ${numbers[name]}`),
    ...((policy.minExternalCustody ?? 0) > 0 && voters === undefined
      ? ['minExternalCustody needs voters in the trust root, the keys that are known to be outside']
      : []),
    ...(policy.maxAgeHours !== undefined && !(ageHours <= policy.maxAgeHours)
      ? [`decided ${ageHours.toFixed(1)} hours ago, but at most ${policy.maxAgeHours} are allowed`]
      : []),
    ...(policy.maxAgeHours !== undefined && ageHours < -SKEW_HOURS ? [`decided in the future, ${times.endedAt}`] : []),
  ];
}
