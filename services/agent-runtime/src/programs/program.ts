import type { Change } from '@conclave/checks';
import type { Sandbox, SandboxResult } from '../sandbox/sandbox.js';
import { withWorkspace } from '../sandbox/workspace.js';

/** What a program agent works on. */
export interface ProgramRequest {
  readonly repository: string;
  readonly change: Change;
  /** The project's test command, as the target branch or the client named it. */
  readonly command: string;
  readonly timeoutMs: number;
  readonly dependencies: readonly string[];
  readonly sandbox: Sandbox;
  /** Where working copies go. */
  readonly workRoot: string;
  readonly signal: AbortSignal;
}

/** Runs the test command on a fresh copy of a commit, after `prepare` had its hand in it. */
export function runTests(
  request: ProgramRequest,
  commit: string,
  prepare: (dir: string) => Promise<void> = async () => undefined,
): Promise<SandboxResult> {
  return withWorkspace(request.workRoot, request.repository, commit, async (worktree) => {
    await prepare(worktree);
    const result = await request.sandbox.run({
      worktree,
      command: request.command,
      wallMs: request.timeoutMs,
      readOnlyPaths: request.dependencies,
      signal: request.signal,
    });
    request.signal.throwIfAborted();
    return result;
  });
}

export const passed = (result: SandboxResult): boolean => result.status === 'exited' && result.exitCode === 0;

/** How a run ended, in words that are the same every time. */
export function endingOf(result: SandboxResult): string {
  switch (result.status) {
    case 'exited':
      if (result.exitCode === 0) return 'passed';
      return `exit code ${result.exitCode}${[126, 127].includes(result.exitCode) ? ' (the command cannot be run)' : ''}`;
    case 'timeout':
      return 'ran out of time';
    case 'output-limit':
      return 'printed too much';
    case 'killed':
      return 'was stopped';
    case 'not-started':
      return 'could not be started in a sandbox';
  }
}
