/**
 * How a decision ends: evidence first, then the tally.
 *
 * A red gate rejects whatever the ballots say. A gate that never reported leaves the decision open to doubt, so it is
 * undecided (`expired`); an abstaining gate has no effect. Everything else is the rule's.
 * Invariant: a pure function of terms, evidence and statements, so an offline reader comes to the same end.
 */
import { saidOn, type Statement } from '../ballot.js';
import type { Evidence, FinalPhase, Outcome, TallyResult } from '../receipt/predicate.js';
import type { Answer } from '../refusal.js';
import { tallyOrTie } from '../tally.js';
import type { PublicTerms } from '../terms.js';
import { standingOf } from './standing.js';

/** The end of a decision. */
export interface Conclusion {
  readonly phase: FinalPhase;
  readonly outcome: Outcome;
  readonly tally: TallyResult;
}

/** What a conclusion is drawn from. */
export interface Record {
  readonly terms: Pick<PublicTerms, 'options' | 'rule' | 'electorate' | 'gates'>;
  readonly evidence: ReadonlyMap<string, Pick<Evidence, 'status'>>;
  readonly statements: ReadonlyMap<string, readonly Statement[]>;
}

/** Counts what was said so far; refused only where the terms or ballots never passed admission. */
export function tallyOf({ terms, statements }: Record): Answer<TallyResult> {
  const { options, rule, electorate } = terms;
  return tallyOrTie({
    options: options.map(({ id }) => id),
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

function endOf({ terms, evidence }: Record, tally: TallyResult): Omit<Conclusion, 'tally'> {
  const gate = terms.rule.method === 'approval-gate';
  if ([...evidence.values()].some(({ status }) => status === 'red')) {
    return end('sealed', 'rejected', 'gate-red', gate ? ['rejected'] : []);
  }
  if (terms.gates.some((name) => !evidence.has(name))) return end('expired', 'undecided', 'evidence-missing');
  switch (tally.status) {
    case 'no-quorum': {
      const allAbstained = tally.detail['counted'] === 0 && tally.detail['present'] !== 0;
      return end('no-quorum', 'undecided', allAbstained ? 'all-abstained' : 'no-quorum');
    }
    case 'tied':
      return end('tied', 'undecided', 'tied', tally.winners);
    case 'below-threshold':
      return end('sealed', 'undecided', 'below-threshold');
    case 'decided':
      if (!gate) return end('sealed', 'decided', 'most-preferred', tally.winners);
      return tally.winners[0] === 'approved'
        ? end('sealed', 'approved', 'threshold-met', tally.winners)
        : end('sealed', 'rejected', 'threshold-missed', tally.winners);
  }
}

function end(
  phase: FinalPhase,
  status: Outcome['status'],
  reason: Outcome['reason'],
  winners: readonly string[] = [],
): Omit<Conclusion, 'tally'> {
  return { phase, outcome: { status, winners, reason } };
}
