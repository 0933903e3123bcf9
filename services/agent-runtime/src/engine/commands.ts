import { setTimeout as after } from 'node:timers/promises';
import type { Database } from '@conclave/postgres-kit';
import { retryDelayMs } from '@conclave/run-core';
import type { Logger } from 'pino';
import type { Activation } from './agent-port.js';
import type { Bells } from './bells.js';
import { Fenced, turnKey, type ClaimedTurn } from './claimed-turn.js';
import { endOfEffect } from './effects.js';
import type { EngineMetrics } from './engine-metrics.js';
import { loseCommands, openCommands } from './postgres-lost.js';
import { answerWait } from './postgres-waits.js';

const RETRY = { firstMs: 50, factor: 2, maxMs: 5_000 } as const;

type GoesOn = NonNullable<Extract<Activation, { kind: 'parked' }>['goesOn']>;

interface Command {
  readonly turn: ClaimedTurn;
  readonly abort: AbortController;
  readonly done: Promise<void>;
}

export interface CommandsParts {
  readonly db: Database;
  readonly bells: Bells;
  readonly metrics: EngineMetrics;
  readonly log: Logger;
}

/**
 * Commands that outlast the turns that started them: a task is parked for each, and its end answers the wait, unless
 * something else came first. They hold no slot. They live and die with this process; whoever buries its worker ends their
 * waits.
 */
export class Commands {
  private readonly underWay = new Map<string, Command>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly parts: CommandsParts,
    private readonly ended: () => void,
  ) {}

  get count(): number {
    return this.underWay.size;
  }

  /** The turn has parked; `abort` stops what goes on. */
  follow(turn: ClaimedTurn, abort: AbortController, goesOn: GoesOn): void {
    const key = turnKey(turn);
    const done = this.settle(turn, abort.signal, goesOn).finally(() => {
      this.underWay.delete(key);
      this.parts.metrics.commands.set(this.underWay.size);
      this.ended();
    });
    this.underWay.set(key, { turn, abort, done });
    this.parts.metrics.commands.set(this.underWay.size);
  }

  /** These runs were ended from outside. */
  drop(runs: readonly string[]): void {
    for (const { turn, abort } of this.underWay.values())
      if (runs.includes(turn.runId)) abort.abort(new Fenced('the run was ended'));
  }

  /** Stops those whose wait has ended otherwise: expired, lost with a worker that only seemed dead, canceled unheard. */
  async check(worker: string): Promise<void> {
    const known = [...this.underWay];
    if (known.length === 0) return;
    const open = new Set((await openCommands(this.parts.db, worker)).map(turnKey));
    for (const [key, { abort }] of known)
      if (!open.has(key)) abort.abort(new Fenced('nobody waits for the command any more'));
  }

  /** Stops all; their waits are for whoever resigns. */
  async stop(reason: Error): Promise<void> {
    this.stopping.abort();
    for (const { abort } of this.underWay.values()) abort.abort(reason);
    await Promise.all([...this.underWay.values()].map(({ done }) => done));
  }

  /** Answers the wait once there is an end, however often Postgres is away. What came first stands. */
  private async settle(turn: ClaimedTurn, signal: AbortSignal, { effect, end }: GoesOn): Promise<void> {
    const { db, bells, log } = this.parts;
    const { tenantId, runId: run_id, taskId: task_id, no } = turn;
    const [result, failure] = await end.then(
      (given) => [given, undefined] as const,
      (error: unknown) => [null, error instanceof Error ? error.message : String(error)] as const,
    );
    // What was stopped here did nothing wrong.
    const loss = failure === undefined || signal.aborted ? {} : { failure };
    for (let tries = 1; !this.stopping.signal.aborted; tries++) {
      try {
        await db.tx({ tenantId, actor: 'service:runtime' }, async (tx) => {
          if (failure === undefined) await answerWait(tx, turn, endOfEffect(effect, result));
          else await loseCommands(tx, [{ tenant_id: tenantId, run_id, task_id, no }], loss);
        });
        return bells.ready();
      } catch (error) {
        log.warn({ err: error, run: run_id, task: task_id }, 'the end of a command will be told again');
        const pause = after(retryDelayMs(RETRY, tries, Math.random()), undefined, this.stopping);
        await pause.catch(() => undefined);
      }
    }
  }
}
