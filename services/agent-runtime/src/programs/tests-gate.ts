import { hex, jcs, sha256, utf8 } from '@conclave/audit-core';
import { endingOf, passed, runTests, type ProgramRequest } from './program.js';

/** What the gate saw. `sha256` covers command, trees and status, and no timing or output, so it is the same every time. */
export interface GateEvidence {
  readonly status: 'green' | 'red' | 'abstained';
  readonly reason: string;
  readonly sha256: string;
  /** The end of what the tests printed on head, for people. */
  readonly output: string;
}

/**
 * Runs the project's tests, on base first: where base is red or cannot run, the result on head would say nothing about
 * the change, and the gate abstains.
 */
export async function testsGate(request: ProgramRequest): Promise<GateEvidence> {
  const { base, head } = request.change;
  const before = await runTests(request, base.commit);
  if (!passed(before))
    return evidence(request, 'abstained', `the tests do not pass on the base: ${endingOf(before)}`, before.output);
  const after = await runTests(request, head.commit);
  return passed(after)
    ? evidence(request, 'green', 'the tests pass on base and head', after.output)
    : evidence(request, 'red', `the tests pass on the base and fail on the head: ${endingOf(after)}`, after.output);
}

function evidence(
  { change, command }: ProgramRequest,
  status: GateEvidence['status'],
  reason: string,
  output: string,
): GateEvidence {
  const body = { gate: 'tests', status, command, baseTree: change.base.tree, headTree: change.head.tree };
  return { status, reason, output, sha256: hex(sha256(utf8(jcs(body)))) };
}
