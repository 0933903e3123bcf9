import {
  agendaOf,
  ballotDigestOf,
  finalStatus,
  hasRounds,
  isFinal,
  openingDigestOf,
  optionsFor,
  standingOf,
  type Decision,
  type Voter,
} from '@conclave/consensus-core';
import type { consensus, ReplyOf } from '@conclave/contracts';
import type { Held } from './postgres-decisions.js';

type View = ReplyOf<typeof consensus.getDecision>;

/**
 * A decision as everybody may see it. A sealed ballot shows when its voter has revealed it, a void one never; where
 * voters are asked one after the other, or spoke before, no ballot shows before the end. With a voter, the options come
 * in that voter's order.
 */
export function viewOf({ id, decision, receiptReady }: Held, voter?: string): View {
  const { terms, phase, ended, discussion } = decision;
  const agenda = agendaOf(terms.options, discussion);
  return {
    id,
    question: terms.question,
    termsSha256: openingDigestOf(terms),
    phase,
    secrecy: terms.secrecy,
    ...(terms.signedReveals && { signedReveals: true }),
    options: [...(voter === undefined ? agenda : optionsFor(id, voter, agenda))],
    rule: terms.rule,
    ...(terms.subject && { subject: terms.subject }),
    ...(terms.policy && { policy: policyOf(terms.policy) }),
    notices: [...terms.notices],
    ...protocolOf(decision),
    ...(terms.calibration && { calibration: terms.calibration }),
    ballots: terms.electorate.map((voter) => ballotOf(voter, decision)),
    evidence: [...decision.evidence.values()].map(({ gate, status, sha256, reason }) => ({
      gate,
      status,
      sha256,
      reason,
    })),
    ...(ended?.type === 'decision.sealed' && {
      outcome: { ...ended.data.outcome, winners: [...ended.data.outcome.winners] },
      sealedAt: ended.at,
    }),
    openedAt: decision.openedAt,
    receiptReady,
  };
}

/** How the decision proceeds beyond the plain vote, and how far it has come. */
function protocolOf(decision: Decision): Partial<View> {
  const { terms, frozen, discussion, veto, closedBy, phase } = decision;
  const { rounds, tie, statusQuo, earlyStop, waves } = terms;
  const spared = terms.electorate.filter(({ voterId }) => !wasAsked(decision, voterId)).length;
  const known = {
    ...(rounds && { rounds: rounds as NonNullable<View['rounds']> }),
    ...(terms.veto && { veto: terms.veto }),
    ...(tie && { tie }),
    ...(statusQuo !== undefined && { statusQuo }),
    ...(terms.electorateRules && { electorateRules: terms.electorateRules }),
    ...(earlyStop && { earlyStop }),
    ...(waves !== undefined && { waves }),
    ...(frozen !== undefined && { agendaSha256: ballotDigestOf(decision) }),
    ...(discussion.length > 0 && { discussion: discussion.map((said) => contributionOf(said, isFinal(phase))) }),
    ...(veto && { vetoed: { voterId: veto.veto.voterId, reason: veto.veto.reason } }),
    ...(closedBy === 'certain' && { skippedByEarlyStop: spared }),
  };
  return known as Partial<View>; // the terms are readonly, and a reply is only ever written
}

function contributionOf({ contribution, text }: Decision['discussion'][number], ended: boolean) {
  const { phase, option, voterId } = contribution;
  return {
    phase,
    ...(option && { option }),
    ...(text !== undefined && { text }),
    ...(ended && { voterId }),
  };
}

function wasAsked({ terms, asked }: Decision, voterId: string): boolean {
  return !terms.waves || asked.some(({ voters }) => voters.includes(voterId));
}

function ballotOf(voter: Voter, decision: Decision): View['ballots'][number] {
  const { voterId, name, kind, family, weight, custody } = voter;
  const { statements, phase, terms } = decision;
  const said = statements.get(voterId) ?? [];
  const standing = standingOf(said);
  if (said.length === 0 && !wasAsked(decision, voterId))
    return { ...{ voterId, name, kind, family, weight, custody }, status: 'not-asked' };
  if (phase === 'ballots' && standing.ballot && (terms.waves || hasRounds(terms)))
    return { ...{ voterId, name, kind, family, weight, custody }, status: 'spoken' };
  const status = isFinal(phase) && said.length > 0 ? finalStatus(standing) : standing.status;
  const { vote, ranking, score, choice, approve, reason, findingsSha256 } = standing.ballot ?? {};
  return {
    ...{ voterId, name, kind, family, weight, custody, status },
    ...(vote && { vote }),
    ...(ranking && { ranking: ranking.map((tier) => [...tier]) }),
    ...(score && { score: { ...score } }),
    ...(choice !== undefined && { choice }),
    ...(approve && { approve: [...approve] }),
    ...(reason !== undefined && { reason }),
    ...(findingsSha256 && { findingsSha256 }),
  };
}

function policyOf({ panel, panelSha256, source }: NonNullable<Held['decision']['terms']['policy']>) {
  return { panel, panelSha256, source };
}
