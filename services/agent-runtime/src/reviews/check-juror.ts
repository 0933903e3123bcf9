import { ballotOf, checkById, findingsSha256, type Finding } from '@conclave/checks';
import { type CheckThread, CheckStopped } from '../checks/check-thread.js';
import type { Turn } from '../engine/agent-port.js';
import type { Changes } from './changes.js';
import { reviewOf } from './review-of.js';
import { SeatAgent, NO_USAGE, abstention, type SeatParts } from './seat-agent.js';
import type { SeatInput } from './prepared.js';
import type { SeatResult } from './review-result.js';

/** A check on the panel: a pure function of the change, which abstains when it runs past its bounds. */
export class CheckJuror extends SeatAgent {
  readonly name = 'review/check';

  constructor(
    parts: SeatParts,
    private readonly changes: Changes,
    private readonly thread: CheckThread,
  ) {
    super(parts);
  }

  protected async judge(turn: Turn, { seat }: SeatInput): Promise<SeatResult> {
    if (!checkById(seat.seat)) return abstention(seat, 'this platform does not ship the check');
    const { change } = await this.changes.open(reviewOf(turn));
    const result = await this.thread.run(seat.seat, change).catch((error: unknown) => {
      if (error instanceof CheckStopped) return { applies: false, reason: error.message } as const;
      throw error;
    });
    const ballot = ballotOf(result);
    if (!result.applies || ballot.vote === 'abstain') return abstention(seat, result.applies ? '' : result.reason);
    return {
      seat: seat.seat,
      kind: 'juror',
      vote: ballot.vote,
      reason: summaryOf(result.findings),
      findings: result.findings,
      findingsSha256: findingsSha256(result.findings),
      usage: NO_USAGE,
    };
  }
}

/** One line for the ballot: the first error, or how many remarks. */
export function summaryOf(findings: readonly Finding[]): string {
  const errors = findings.filter((finding) => finding.severity === 'error');
  const first = errors[0];
  if (first)
    return `${first.path}:${first.line} ${first.message}${errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''}`.slice(
      0,
      2_000,
    );
  return findings.length > 0
    ? `${findings.length} remark${findings.length > 1 ? 's' : ''}, none of them an error`
    : 'nothing to object to';
}
