/**
 * Whether a genuine receipt is also the one the reader asked for.
 *
 * Custody counts keys behind counted ballots: an outside voter who stayed away adds nothing to it. `custody` is the
 * platform's word; where the policy pins voter keys, only those count, and a demand is made of pinned keys alone.
 */
import { base64, jcs } from '@conclave/audit-core';
import type { Predicate, Voter } from '@conclave/consensus-core';
import type { OpenReceipt } from './open-receipt.js';
import { summarize, type BallotSummary } from './receipt-summary.js';
import type { Demands, NamedKey, TrustPolicy } from './trust-policy.js';
import { failed, held, unchecked, type Finding } from './verdict.js';

/** Every demand of the trust policy is met; what was waived is as good as approved. */
export function checkPolicy({ predicate }: OpenReceipt, trust: TrustPolicy | undefined, waived: boolean): Finding {
  if (trust === undefined) return unchecked('no trust policy was given');
  const impostor = predicate.electorate.find((voter) => contradicts(voter, trust.voters));
  if (impostor !== undefined) return failed('untrusted', `${impostor.voterId} votes with a key that is not theirs`);
  const stranger = predicate.electorate.find((voter) => !signsAsTrusted(voter, trust));
  if (stranger !== undefined) return failed('untrusted', `${stranger.voterId} signs in a way that is not trusted`);
  const shown = factsOf(predicate);
  for (const [name, demanded] of Object.entries(trust.require) as [keyof Demands, string][]) {
    const excused = name === 'outcome' && demanded === 'approved' && waived;
    if (shown[name] !== demanded && !excused) {
      return failed('policy-refused', `${name} is ${shown[name] ?? 'not stated'}, but must be ${demanded}`);
    }
  }
  const outside = outsideKeys(summarize(predicate, []).ballots, trust.voters);
  const custody = `${outside} keys held outside the platform stand behind counted ballots`;
  if (outside < trust.minExternalCustody) {
    return failed('policy-refused', `${custody}, ${trust.minExternalCustody} needed`);
  }
  return held(`all demands are met${waived ? ', the outcome by WAIVERS' : ''}; ${custody}`);
}

function factsOf(predicate: Predicate): Demands {
  const { outcome, policy, origin, subject } = predicate;
  return {
    outcome: outcome.status,
    origin,
    ...(policy && { panelSha256: policy.panelSha256 }),
    ...(subject && { repository: subject.repository }),
    ...(wavesFinished(predicate) && { waves: 'finished' }),
  };
}

/** A vote closed after a wave that settled nothing has not heard voters whom nobody asked. */
function wavesFinished({ waves, stopped, asked = [], electorate }: Predicate): boolean {
  if (!waves || stopped !== undefined) return true;
  const names = new Set(asked.flatMap(({ voters }) => voters));
  return electorate.every(({ voterId }) => names.has(voterId));
}

/** Keys outside the platform whose ballots counted; the ballots' check has shown that no two voters share a key. */
export function outsideKeys(
  ballots: readonly Pick<BallotSummary, 'voterId' | 'status' | 'custody'>[],
  pinned: readonly NamedKey[] | undefined,
): number {
  return ballots.filter(
    ({ voterId, status, custody }) =>
      status === 'counted' &&
      custody !== 'platform' &&
      (pinned === undefined || pinned.some(({ name }) => name === voterId)),
  ).length;
}

/** Whether a voter signs with an algorithm, and a passkey for a site, that the reader names; without names, with any. */
function signsAsTrusted({ algorithm, relyingParty }: Voter, { algorithms, relyingParties }: TrustPolicy): boolean {
  const sites = relyingParties?.map(({ rpId, origin }) => jcs([rpId, origin]));
  return (
    (algorithms?.includes(algorithm) ?? true) &&
    (relyingParty === undefined || (sites?.includes(jcs([relyingParty.rpId, relyingParty.origin])) ?? true))
  );
}

function contradicts({ voterId, publicKey }: Voter, pinned: readonly NamedKey[] = []): boolean {
  return pinned.some((known) => known.name === voterId && base64(known.publicKey) !== publicKey);
}
