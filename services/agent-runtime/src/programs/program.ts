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
  /** When the decision stops waiting, by `Date.now()`: no run lasts longer. */
  readonly endsAt: number;
  readonly dependencies: readonly string[];
  readonly sandbox: Sandbox;
  /** Where working copies go. */
  readonly workRoot: string;
  readonly signal: AbortSignal;
}

/** Runs the test command on a fresh copy of a commit, for at most `wallMs`, after `prepare` had its hand in it. */
export function runTests(
  request: ProgramRequest,
  commit: string,
  wallMs = request.timeoutMs,
  prepare: (dir: string) => Promise<void> = async () => undefined,
): Promise<SandboxResult> {
  return withWorkspace(request.workRoot, request.repository, commit, async (worktree) => {
    await prepare(worktree);
    const result = await request.sandbox.run({
      worktree,
      command: request.command,
      wallMs: Math.max(1, Math.min(wallMs, request.endsAt - Date.now())),
      readOnlyPaths: request.dependencies,
      signal: request.signal,
    });
    request.signal.throwIfAborted();
    return result;
  });
}

export const passed = (result: SandboxResult): boolean => result.status === 'exited' && result.exitCode === 0;

/** The last line of what a run printed, for a reason that says more than an exit code. */
export function lastWordsOf({ output }: SandboxResult): string {
  const line = output.trimEnd().split('\n').at(-1)!.trim();
  return line && `: ${line.slice(0, 200)}`;
}

/** What a shell means by 126 and 127, and where it looks in a sandbox. */
const CANNOT_RUN = ' (the command cannot be run; outside /usr/local/bin, /usr/bin and /bin it takes its whole path)';

/** How a run ended, in words that are the same every time. */
export function endingOf(result: SandboxResult): string {
  switch (result.status) {
    case 'exited':
      if (result.exitCode === 0) return 'passed';
      return `exit code ${result.exitCode}${[126, 127].includes(result.exitCode) ? CANNOT_RUN : ''}`;
    case 'timeout':
      return 'ran out of time';
    case 'output-limit':
      return 'printed too much';
    case 'resource-limit':
      return 'took too much memory or disk';
    case 'killed':
      return 'was stopped from outside';
    case 'not-started':
      return 'could not be started in a sandbox';
  }
}
