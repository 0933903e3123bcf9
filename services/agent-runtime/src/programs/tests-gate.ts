import { hex, jcs, sha256, utf8 } from '@conclave/audit-core';
import type { SandboxResult } from '../sandbox/sandbox.js';
import { endingOf, lastWordsOf, passed, type ProgramRequest, runTests } from './program.js';

/** What the gate saw. */
export interface GateEvidence {
  readonly status: 'green' | 'red' | 'abstained';
  readonly reason: string;
  /** Of gate, status, command, both trees and head's exit code: nothing that differs from run to run. */
  readonly sha256: string;
  /** The end of what the tests printed on head (on base when that is why the gate abstains), for people. */
  readonly output: string;
}

/**
 * Runs the project's tests, on base first: where base is red or cannot run, the result on head would say nothing about
 * the change, and the gate abstains. So it does when no sandbox could be made, or the run was stopped from outside.
 */
export async function testsGate(request: ProgramRequest): Promise<GateEvidence> {
  const { base, head } = request.change;
  const before = await runTests(request, base.commit);
  if (!passed(before)) return abstained(request, 'the tests do not pass on the base', before);
  const after = await runTests(request, head.commit);
  if (after.status === 'not-started' || after.status === 'killed')
    return abstained(request, 'the tests tell nothing on the head', after);
  return passed(after)
    ? evidence(request, 'green', 'the tests pass on base and head', after)
    : evidence(request, 'red', `the tests pass on the base and fail on the head: ${endingOf(after)}`, after);
}

const abstained = (request: ProgramRequest, why: string, run: SandboxResult): GateEvidence =>
  evidence(request, 'abstained', `${why}: ${endingOf(run)}${lastWordsOf(run)}`, run);

function evidence(
  { change, command }: ProgramRequest,
  status: GateEvidence['status'],
  reason: string,
  run: SandboxResult,
): GateEvidence {
  const exitCode = status !== 'abstained' && run.status === 'exited' ? run.exitCode : null;
  const body = { gate: 'tests', status, command, baseTree: change.base.tree, headTree: change.head.tree, exitCode };
  return { status, reason, output: run.output, sha256: hex(sha256(utf8(jcs(body)))) };
}
