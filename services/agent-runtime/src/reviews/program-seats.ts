import { canonicalFindings, findingsSha256 } from '@conclave/checks';
import type { RuntimeConfig } from '../config.js';
import { listOf } from '../config.js';
import type { Turn } from '../engine/agent-port.js';
import { hunkAblation } from '../programs/hunk-ablation.js';
import type { ProgramRequest } from '../programs/program.js';
import { testsGate } from '../programs/tests-gate.js';
import type { PostgresRuns } from '../runs/postgres-runs.js';
import type { Sandbox } from '../sandbox/sandbox.js';
import type { Changes } from './changes.js';
import { actorOf, reviewOf } from './review-of.js';
import { summaryOf } from './check-juror.js';
import { PREPARE, type Prepared, type SeatInput } from './prepared.js';
import type { SeatResult } from './review-result.js';
import { NO_USAGE, SeatAgent, abstention, type SeatParts } from './seat-agent.js';

export interface ProgramParts extends SeatParts {
  readonly changes: Changes;
  readonly runs: PostgresRuns;
  readonly sandbox: Sandbox;
  readonly config: RuntimeConfig;
}

/** A seat that runs the project's own programs; it abstains, with the reason, wherever they cannot be run safely. */
abstract class ProgramSeat extends SeatAgent {
  constructor(protected readonly program: ProgramParts) {
    super(program);
  }

  protected abstract runProgram(turn: Turn, input: SeatInput, request: ProgramRequest): Promise<SeatResult>;

  protected async judge(turn: Turn, input: SeatInput): Promise<SeatResult> {
    const { changes, runs, sandbox, config } = this.program;
    const prepared = (await runs.rootStep<Prepared>(actorOf(turn), turn.runId, PREPARE))!;
    if (!prepared.tests)
      return abstention(
        input.seat,
        'no test command: neither .conclave/panel.yaml on the target branch nor --test names one',
      );
    const probe = await sandbox.probe();
    if (!probe.available) return abstention(input.seat, probe.reason);
    const outside = prepared.tests.dependencies.find((path) => !isBelow(path, listOf(config.SANDBOX_DEPENDENCY_ROOTS)));
    if (outside)
      return abstention(
        input.seat,
        `the dependency path ${outside} is not below a root that the operator allows (SANDBOX_DEPENDENCY_ROOTS)`,
      );
    const { repository, change } = await changes.open(reviewOf(turn));
    const { command, dependencies, timeoutMs } = prepared.tests;
    return this.runProgram(turn, input, {
      repository,
      change,
      command,
      dependencies,
      timeoutMs,
      endsAt: Date.parse(prepared.deadlineAt),
      sandbox,
      workRoot: config.SANDBOX_DIR,
      signal: turn.signal,
    });
  }
}

export class TestsGate extends ProgramSeat {
  readonly name = 'review/tests-gate';

  protected async runProgram(_turn: Turn, { seat }: SeatInput, request: ProgramRequest): Promise<SeatResult> {
    const evidence = await testsGate(request);
    const vote = evidence.status === 'abstained' ? 'abstain' : evidence.status;
    return {
      seat: seat.seat,
      kind: 'gate',
      vote,
      reason: evidence.reason,
      findings: [],
      findingsSha256: evidence.sha256,
      usage: NO_USAGE,
      ...(vote === 'green' ? {} : { output: evidence.output }),
    };
  }
}

export class AblationJuror extends ProgramSeat {
  readonly name = 'review/hunk-ablation';

  protected async runProgram(_turn: Turn, { seat }: SeatInput, request: ProgramRequest): Promise<SeatResult> {
    const budgetMs = this.program.config.ABLATION_BUDGET_MS;
    if (budgetMs === 0) return abstention(seat, 'turned off by the operator');
    const result = await hunkAblation(request, budgetMs);
    if (!result.applies) return abstention(seat, result.reason);
    const findings = canonicalFindings(result.findings);
    return {
      seat: seat.seat,
      kind: 'juror',
      vote: 'yes',
      reason: summaryOf(findings),
      findings,
      findingsSha256: findingsSha256(findings),
      usage: NO_USAGE,
    };
  }
}

/** Paths are compared by whole segments; a path with `..` lies nowhere. */
export function isBelow(path: string, roots: readonly string[]): boolean {
  if (path.split('/').includes('..')) return false;
  return roots.some((root) => path === root || path.startsWith(root.endsWith('/') ? root : `${root}/`));
}
