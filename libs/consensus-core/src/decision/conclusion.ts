/**
 * How a decision ends: a veto first, then evidence, then the tally, then who was missing, then the policy for ties.
 *
 * A veto rejects whatever else was said, and so does a red gate whatever the ballots say. A gate that never reported
 * leaves the decision open to doubt, so it is undecided (`expired`); an abstaining gate has no effect. Everything else
 * is the rule's.
 * Invariant: a pure function of terms, evidence and statements, so an offline reader comes to the same end.
 */
import { hex, jcs, sha256, utf8 } from '@conclave/audit-core';
import { saidOn, type Statement } from '../ballot.js';
import { agendaOf, type Spoken } from '../discussion.js';
import { shortfallOf } from '../electorate.js';
import type { Evidence, FinalPhase, Outcome, TallyResult } from '../receipt/predicate.js';
import type { Answer } from '../refusal.js';
import { tallyOrTie } from '../tally.js';
import type { PublicTerms, Voter } from '../terms.js';
import { seededOrder } from '../tie-break.js';
import type { Vetoed } from '../veto.js';
import { standingOf } from './standing.js';

/** The end of a decision. */
export interface Conclusion {
  readonly phase: FinalPhase;
  readonly outcome: Outcome;
  readonly tally: TallyResult;
}

/** What a conclusion is drawn from. */
export interface Record {
  readonly terms: Omit<PublicTerms, 'question'>;
  readonly evidence: ReadonlyMap<string, Pick<Evidence, 'status'>>;
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
  readonly discussion: readonly Pick<Spoken, 'contribution'>[];
  readonly veto?: Vetoed;
}

/** Counts what was said so far; refused only where the terms or ballots never passed admission. */
export function tallyOf({ terms, statements, discussion }: Record): Answer<TallyResult> {
  const { options, rule, electorate } = terms;
  return tallyOrTie({
    options: agendaOf(options, discussion).map(({ id }) => id),
    rule,
    eligibleWeight: electorate.reduce((sum, { weight }) => sum + weight, 0),
    ballots: electorate.flatMap(({ voterId, weight }) => {
      const { ballot } = standingOf(statements.get(voterId) ?? []);
      return ballot ? [{ ...saidOn(ballot), weight }] : [];
    }),
  });
}

/** Draws the conclusion. */
export function conclusionOf(record: Record): Answer<Conclusion> {
  const counted = tallyOf(record);
  if (!counted.ok) return counted;
  const tally = counted.value;
  return { ok: true, value: { ...endOf(record, tally), tally } };
}

/** Voters whose ballot counts, so without those who abstained or are absent. */
export function countedVoters({ terms, statements }: Pick<Record, 'terms' | 'statements'>): readonly Voter[] {
  return terms.electorate.filter(({ voterId }) => standingOf(statements.get(voterId) ?? []).status === 'counted');
}

function endOf(record: Record, tally: TallyResult): Omit<Conclusion, 'tally'> {
  const { terms, evidence, veto } = record;
  const gate = terms.rule.method === 'approval-gate';
  if (veto) return end('vetoed', 'rejected', 'vetoed', gate ? ['rejected'] : []);
  if ([...evidence.values()].some(({ status }) => status === 'red')) {
    return end('sealed', 'rejected', 'gate-red', gate ? ['rejected'] : []);
  }
  if (terms.gates.some((name) => !evidence.has(name))) return end('expired', 'undecided', 'evidence-missing');
  const shortfall = shortfallOf(countedVoters(record), terms.electorateRules);
  if (shortfall && tally.status !== 'no-quorum') return end('no-quorum', 'undecided', shortfall);
  switch (tally.status) {
    case 'no-quorum': {
      const allAbstained = tally.detail['counted'] === 0 && tally.detail['present'] !== 0;
      return end('no-quorum', 'undecided', allAbstained ? 'all-abstained' : 'no-quorum');
    }
    case 'tied':
      return endOfTie(record, tally.winners);
    case 'below-threshold':
      return end('sealed', 'undecided', 'below-threshold');
    case 'decided':
      if (!gate) return end('sealed', 'decided', 'most-preferred', tally.winners);
      return tally.winners[0] === 'approved'
        ? end('sealed', 'approved', 'threshold-met', tally.winners)
        : end('sealed', 'rejected', 'threshold-missed', tally.winners);
  }
}

/** Breaks a tie only as the terms say, and says so in the reason; where too much is tied to say what, there is none to seed. */
function endOfTie(record: Record, winners: readonly string[]): Omit<Conclusion, 'tally'> {
  const { tie, statusQuo, rule } = record.terms;
  const standing = statusQuo ?? rule.statusQuo;
  if (tie === 'status-quo' && standing !== undefined) return end('sealed', 'decided', 'tie-status-quo', [standing]);
  if (tie === 'seeded' && winners.length > 0)
    return end('sealed', 'decided', 'tie-seeded', seededOrder(tieSeed(record), winners).slice(0, 1));
  return end('tied', 'undecided', 'tied', winners);
}

/**
 * What a seeded tie is broken by: the decision and all commitments, in the order of the electorate. They are fixed
 * before anybody reveals, so nobody who knows what is tied can still steer it.
 */
export function tieSeed({ terms, statements }: Pick<Record, 'terms' | 'statements'>): string {
  const commits = terms.electorate.flatMap(({ voterId }) =>
    (statements.get(voterId) ?? []).flatMap(({ commit }) => (commit === undefined ? [] : [{ voterId, commit }])),
  );
  return hex(sha256(utf8(`conclave/tie-seed/v1\n${terms.decisionId}\n${jcs(commits)}`)));
}

function end(
  phase: FinalPhase,
  status: Outcome['status'],
  reason: Outcome['reason'],
  winners: readonly string[] = [],
): Omit<Conclusion, 'tally'> {
  return { phase, outcome: { status, winners, reason } };
}
