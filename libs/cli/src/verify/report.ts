import { saidText, VERDICTS, type ReceiptSummary } from '@conclave/verify';
import type { Output } from '../output.js';
import { printable } from '../printable.js';
import { seatLine } from '../review/progress.js';
import type { Examined } from './examine.js';
import type { Line } from './line.js';

/** What was looked at, what the receipt says, and how it ends; a waiver is told as loudly as a refusal. */
export function printExamined(
  out: Output,
  { lines, receipt, genuine, waived, status }: Pick<Examined, 'lines' | 'receipt' | 'genuine' | 'waived' | 'status'>,
): void {
  printLines(out, lines);
  if (receipt) printReceipt(out, receipt, genuine);
  const { exitCode, meaning } = VERDICTS[status];
  out.print(
    '',
    ...(waived
      ? [
          out.styled(
            ['bold', 'yellow'],
            'WAIVED: the panel rejected this change. It passes by the waivers above, and by nothing else.',
          ),
        ]
      : []),
    `${out.styled(['bold', exitCode === 0 ? 'green' : 'red'], status)}  ${meaning}`,
  );
}

const styles = { ok: 'green', failed: 'red', unchecked: 'yellow' } as const;

export function printLines(out: Output, lines: readonly Line[]): void {
  out.print(
    ...lines.map(
      ({ name, state, detail }) =>
        `${out.styled(styles[state], state.padEnd(9))} ${printable(name).padEnd(16)} ${printable(detail)}`,
    ),
  );
}

/** What the receipt says: question, outcome, who said what, dissent included; as a claim where nothing vouches for it. */
export function printReceipt(out: Output, receipt: ReceiptSummary, genuine: boolean): void {
  const { decisionId, question, outcome, subject, policy, ballots, evidence, notices, custody, times } = receipt;
  const outside = custody.external + custody.passkey;
  out.print(
    '',
    ...(genuine ? [] : [out.styled('red', 'What follows is claimed by the file, and not proven:')]),
    out.styled('bold', question ?? decisionId),
    `${outcome.status} (${outcome.reason}), ${times.endedAt}`,
    ...(subject
      ? [
          `Change  ${subject.base.slice(0, 12)}..${subject.head.slice(0, 12)} of ${printable(subject.repository)}, tree ${subject.tree.slice(0, 12)}`,
        ]
      : []),
    ...(policy ? [`Panel   ${printable(policy.panel)} (${printable(policy.source)})`] : []),
    `Keys    ${outside} of ${outside + custody.platform} outside the platform`,
    '',
    ...evidence.map(({ gate, status, reason }) => `  ${seatLine(out, { seat: gate, vote: status, reason })}`),
    ...ballots.map(
      (ballot) => `  ${seatLine(out, { seat: ballot.name, vote: voteOf(ballot), reason: reasonOf(ballot) })}`,
    ),
    ...(notices.length > 0 ? ['', ...notices.map((notice) => `Note: ${printable(notice)}`)] : []),
  );
}

function reasonOf({ said = {}, reason, dissents }: ReceiptSummary['ballots'][number]): string {
  return `${[saidText(said), reason].filter(Boolean).join(': ')}${dissents ? ' (dissents)' : ''}`;
}

/** A vote is shown where it counts; of a void voter both were kept, and neither is theirs. */
function voteOf({ status, said }: ReceiptSummary['ballots'][number]): string {
  return status === 'counted' || status === 'abstained' ? (said?.vote ?? status) : status;
}
