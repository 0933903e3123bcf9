/**
 * Whether what surrounds the ballots in a receipt followed the terms: who may sit, what was said before the vote, who was
 * asked when, whether stopping early was right, and the veto.
 */
import { jcs } from '@conclave/audit-core';
import { signedBy } from '../ballot.js';
import { faultOfProtocol } from '../decision/admit-lifecycle.js';
import type { Record } from '../decision/conclusion.js';
import { isCertain, nextWave } from '../decision/early-stop.js';
import { contributionBytes, faultOfContribution, type DiscussionPhase } from '../discussion.js';
import { faultOfElectorate } from '../electorate.js';
import { termsDigest } from '../terms.js';
import { vetoBytes } from '../veto.js';
import { fault, type BallotFault } from './ballot-fault.js';
import type { Predicate } from './predicate.js';

/** What a conclusion is drawn from, as a receipt tells it; `before` leaves out what was said from that event on. */
export function recordIn(predicate: Predicate, before = Number.POSITIVE_INFINITY): Record {
  const said = predicate.ballots.map(
    ({ voterId, statements }) => [voterId, statements.filter(({ seq }) => seq < before)] as const,
  );
  return {
    terms: predicate,
    evidence: new Map(predicate.evidence.map((evidence) => [evidence.gate, evidence])),
    statements: new Map(said),
    discussion: predicate.discussion ?? [],
    ...(predicate.vetoed && { veto: predicate.vetoed }),
  };
}

/** The electorate and the terms are such as a decision may be opened under. */
export function checkTerms(predicate: Predicate): BallotFault[] {
  const { electorate, electorateRules } = predicate;
  return [
    ...(faultOfElectorate(electorate, electorateRules) ? [fault('electorate', '/electorate')] : []),
    ...(faultOfProtocol(predicate) ? [fault('terms', '')] : []),
  ];
}

/** Every contribution is signed, in its phase, its voter's only one there, and about an option its voter may name. */
export async function checkDiscussion(predicate: Predicate): Promise<BallotFault[]> {
  const { discussion = [], decisionId, electorate, options } = predicate;
  const terms = termsDigest(predicate);
  const checked = discussion.map(async ({ seq, contribution, signature }, at) => {
    const path = `/discussion/${at}`;
    const voter = electorate.find(({ voterId }) => voterId === contribution.voterId);
    if (!voter) return [fault('not-a-voter', path)];
    const [from, to] = windowOf(contribution.phase, predicate);
    const inPhase = from !== undefined && seq > from && seq < to && seq > (discussion[at - 1]?.seq ?? 0);
    const sound = !faultOfContribution(contribution, options, discussion.slice(0, at));
    const own = contribution.decisionId === decisionId;
    const signed = await signedBy(voter, contributionBytes(contribution, terms), signature);
    return [
      ...(inPhase ? [] : [fault('window', path)]),
      ...(sound && own ? [] : [fault('contribution', path)]),
      ...(signed ? [] : [fault('signature', path)]),
    ];
  });
  return (await Promise.all(checked)).flat();
}

/** Between which events a phase before the vote lay; it began nowhere when the terms have no such phase. */
function windowOf(phase: DiscussionPhase, { rounds, window }: Predicate): readonly [number | undefined, number] {
  const { opened, proposalsClosed, critiquesClosed, frozen, closed } = window;
  const critique = rounds?.critique === 1;
  const proposing = rounds?.propose === true;
  switch (phase) {
    case 'propose':
      return [proposing ? opened : undefined, proposalsClosed ?? frozen ?? closed];
    case 'critique':
      return [critique ? (proposing ? proposalsClosed : opened) : undefined, critiquesClosed ?? closed];
    case 'revise':
      return [critiquesClosed, frozen ?? closed];
  }
}

/** The veto is signed by a voter with a role that the terms name. */
export async function checkVeto(predicate: Predicate): Promise<BallotFault[]> {
  const { vetoed, veto, decisionId, electorate } = predicate;
  if (!vetoed) return [];
  const voter = electorate.find(({ voterId }) => voterId === vetoed.veto.voterId);
  const entitled = voter?.roles.some((role) => veto?.roles.includes(role));
  if (!voter || !entitled || vetoed.veto.decisionId !== decisionId) return [fault('veto', '/vetoed')];
  const signed = await signedBy(voter, vetoBytes(vetoed.veto, termsDigest(predicate)), vetoed.signature);
  return signed ? [] : [fault('signature', '/vetoed')];
}

/** Voters were asked one wave after the other while they could vote, in those that follow from what was said before, and spoke only when asked. */
export function checkWaves(predicate: Predicate): BallotFault[] {
  const { asked = [], waves, ballots, window } = predicate;
  if (!waves) return asked.length === 0 ? [] : [fault('wave', '/asked')];
  const begun = window.frozen ?? window.opened;
  const askedAt = new Map(asked.flatMap(({ seq, voters }) => voters.map((voterId) => [voterId, seq] as const)));
  const derived = asked.every(({ seq, voters }, at) => {
    const earlier = asked.slice(0, at).flatMap((wave) => wave.voters);
    return jcs(nextWave(recordIn(predicate, seq), earlier)) === jcs(voters);
  });
  return [
    ...asked.flatMap(({ seq }, at) =>
      seq > (asked[at - 1]?.seq ?? begun) && seq < window.closed ? [] : [fault('window', `/asked/${at}`)],
    ),
    ...(derived ? [] : [fault('wave', '/asked')]),
    ...ballots.flatMap(({ voterId, statements }, at) =>
      statements.every(({ seq }) => seq > (askedAt.get(voterId) ?? Number.POSITIVE_INFINITY))
        ? []
        : [fault('wave', `/ballots/${at}`)],
    ),
  ];
}

/** Where the decision stopped early, nobody left could have changed its outcome, and those spared are named. */
export function checkStop(predicate: Predicate): BallotFault[] {
  const { stopped, cost, asked = [], waves, earlyStop, electorate } = predicate;
  if (!stopped) return cost === undefined ? [] : [fault('not-certain', '/cost')];
  const known = asked.flatMap(({ voters }) => voters);
  const spared = waves ? electorate.map(({ voterId }) => voterId).filter((voterId) => !known.includes(voterId)) : [];
  const told = jcs(stopped.notAsked) === jcs(spared) && cost?.skippedByEarlyStop === spared.length;
  const right = earlyStop === 'certain' && isCertain(recordIn(predicate));
  return told && right ? [] : [fault('not-certain', '/stopped')];
}
