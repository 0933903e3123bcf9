import { finalStatus, isFinal, publicTermsOf, standingOf, termsDigest, type Voter } from '@conclave/consensus-core';
import type { consensus, ReplyOf } from '@conclave/contracts';
import type { Held } from './postgres-decisions.js';

type View = ReplyOf<typeof consensus.getDecision>;

/** A decision as everybody may see it. A sealed ballot shows when its voter has revealed it, a void one never. */
export function viewOf({ id, decision, receiptReady }: Held): View {
  const { terms, phase, ended } = decision;
  return {
    id,
    question: terms.question,
    termsSha256: termsDigest(publicTermsOf(terms)),
    phase,
    secrecy: terms.secrecy,
    options: [...terms.options],
    rule: terms.rule,
    ...(terms.subject && { subject: terms.subject }),
    ...(terms.policy && { policy: policyOf(terms.policy) }),
    notices: [...terms.notices],
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

function ballotOf(voter: Voter, { statements, phase }: Held['decision']): View['ballots'][number] {
  const { voterId, name, kind, family, weight, custody } = voter;
  const said = statements.get(voterId) ?? [];
  const standing = standingOf(said);
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
