import type { Finding, ReviewResult } from '@conclave/contracts';
import type { Output } from '../output.js';
import { printable } from '../printable.js';
import { seatLine } from './progress.js';

const outcomeStyles = { approved: 'green', rejected: 'red', undecided: 'yellow' } as const;
const severityStyles = { error: 'red', warning: 'yellow', info: 'gray' } as const;
const severities = ['error', 'warning', 'info'] as const;
/** Longer lists are cut here; SARIF and `--json` have them whole. */
const SHOWN = 200;

/** The verdict for people: outcome, findings by file, seats, notices. */
export function printVerdict(out: Output, result: ReviewResult): void {
  const { outcome, reason, findings, seats, notices, subject, usage } = result;
  const counts = severities.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count > 0 ? [`${count} ${severity}${count > 1 && severity !== 'info' ? 's' : ''}`] : [];
  });
  out.print(
    '',
    `${out.styled(['bold', outcomeStyles[outcome]], outcome.toUpperCase())}  ${printable(reason)}`,
    `${printable(subject.repository)}  ${subject.base.slice(0, 12)}..${subject.head.slice(0, 12)}  ${counts.join(', ') || 'no findings'}`,
  );
  for (const [path, inFile] of Map.groupBy(findings.slice(0, SHOWN), (finding) => finding.path))
    out.print('', out.styled('underline', path), ...inFile.map((finding) => findingLine(out, finding)));
  if (findings.length > SHOWN) out.print('', `… and ${findings.length - SHOWN} more: see --sarif or --json`);
  out.print('', 'Seats', ...seats.map((seat) => `  ${seatLine(out, seat)}`));
  if (notices.length > 0) out.print('', ...notices.map((notice) => `Note: ${printable(notice)}`));
  if (usage.inputTokens + usage.outputTokens > 0)
    out.print(
      '',
      `Models: ${usage.inputTokens} tokens in, ${usage.outputTokens} out, $${(usage.costMicros / 1e6).toFixed(4)}`,
    );
}

function findingLine(out: Output, { line, severity, juror, rule, message }: Finding): string {
  return `  ${String(line).padStart(5)}  ${out.styled(severityStyles[severity], severity.padEnd(7))}  ${printable(message)}  ${out.styled('gray', `${juror}/${rule}`)}`;
}
