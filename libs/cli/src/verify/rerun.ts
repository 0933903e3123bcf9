/**
 * Runs the deterministic jurors of a receipt again, on the repository at hand: the same code on the same commits must
 * come to the vote and the findings that the juror signed.
 */
import { ballotOf, changeSha256, checkById, findingsSha256, type Change } from '@conclave/checks';
import { readChange } from '@conclave/connectors';
import type { BallotSummary, ReceiptSummary } from '@conclave/verify';
import { EXIT } from '../exit-codes.js';
import { Fault } from '../fault.js';
import type { Evaluator } from './electorate.js';

/** What became of one juror, or of the change itself. */
export interface Rerun {
  readonly name: string;
  /** `missing`: deterministic, but this program does not have what judged. */
  readonly outcome: 'same' | 'differs' | 'missing' | 'skipped';
  readonly detail: string;
}

export interface RerunParts {
  readonly repository: string;
  readonly receipt: ReceiptSummary;
  readonly evaluators: ReadonlyMap<string, Evaluator>;
  /** What the jurors were told the change is for. */
  readonly intent?: string | undefined;
}

/** @throws GitError when the repository lacks the commits; Fault when no juror could be run again */
export async function rerun({ repository, receipt, evaluators, intent }: RerunParts): Promise<Rerun[]> {
  const { subject } = receipt;
  if (!subject) throw new Fault(EXIT.repository, 'cli.no-subject', 'the receipt does not speak of a change');
  const { base, head } = subject;
  const change = await readChange(repository, { base, head, ...(intent === undefined ? {} : { intent }) });
  const asJudged = change.head.tree === subject.tree && changeSha256(change) === subject.diffSha256;
  const whole: Rerun = {
    name: 'change',
    outcome: asJudged ? 'same' : 'differs',
    detail: asJudged
      ? `${base.slice(0, 12)}..${head.slice(0, 12)} is what was judged`
      : 'this is not the change that was judged',
  };
  const jurors = receipt.ballots.map((ballot) => again(change, ballot, evaluators.get(ballot.voterId)));
  if (jurors.every(({ outcome }) => outcome === 'skipped'))
    throw new Fault(
      EXIT.local,
      'cli.rerun-impossible',
      `no juror could be run again: ${jurors.map(({ name, detail }) => `${name} (${detail})`).join(', ')}`,
    );
  return [whole, ...jurors];
}

function again(change: Change, ballot: BallotSummary, evaluator: Evaluator | undefined): Rerun {
  const { name, said, findingsSha256: recorded } = ballot;
  const skipped = (detail: string): Rerun => ({ name, outcome: 'skipped', detail });
  if (!evaluator?.deterministic) return skipped('not deterministic');
  if (!said?.vote) return skipped('cast no ballot');
  const check = checkById(evaluator.id);
  if (check?.version !== evaluator.version)
    return {
      name,
      outcome: 'missing',
      detail: `version ${evaluator.version} judged, this program has ${check?.version ?? 'none'}`,
    };
  const result = check.run(change);
  const { vote } = ballotOf(result);
  const digest = result.applies ? findingsSha256(result.findings) : undefined;
  if (vote === said.vote && digest === recorded) return { name, outcome: 'same', detail: `${vote}, the same findings` };
  if (vote === said.vote) return { name, outcome: 'differs', detail: `${vote} again, but from other findings` };
  return { name, outcome: 'differs', detail: `${said.vote} was cast, run again it is ${vote}` };
}
