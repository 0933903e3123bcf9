/**
 * The engine: turns are claimed, journaled and finished here, those of many runs in one transaction. A turn is owned by
 * whoever holds its current epoch; every write names it, and changes nothing when it is no longer current. Lock order
 * everywhere: turn, then run, then wait.
 */
import { setTimeout as after } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { Database, GroupCommit, type ItemOutcome } from '@conclave/postgres-kit';
import { retryDelayMs } from '@conclave/run-core';
import { Bells } from './bells.js';
import { Fenced, type ClaimedTurn } from './claimed-turn.js';
import { EngineMetrics } from './engine-metrics.js';
import type { EngineRoles } from './engine-roles.js';
import { claimTurns, type Capacity, type Claim } from './postgres-claim.js';
import { createRuns, type NewRun } from './postgres-create.js';
import { endRuns } from './postgres-end.js';
import { countFor } from './postgres-provider.js';
import { endsRun, finishTurns, type Finish } from './postgres-finish.js';
import { writeSteps, type NewStep, type WrittenStep } from './postgres-step.js';

export const ENGINE_ROLES = Symbol('EngineRoles');

/** Larger batches win nothing: Postgres works on one while Node fills the next. */
const BATCH = 128;
const OUTAGE = { firstMs: 50, factor: 2, maxMs: 1_000 } as const;

@Injectable()
export class Engine {
  private readonly creates: GroupCommit<NewRun, void>;
  private readonly steps: GroupCommit<NewStep, WrittenStep>;
  private readonly finishes: GroupCommit<Finish, void>;
  private readonly ends: GroupCommit<Finish, void>;

  constructor(
    @Inject(ENGINE_ROLES) private readonly roles: EngineRoles,
    @Inject(Database) private readonly db: Database,
    @Inject(Bells) private readonly bells: Bells,
    @Inject(EngineMetrics) private readonly metrics: EngineMetrics,
  ) {
    const { lanes } = roles;
    this.creates = this.lane('create', async (runs) => {
      await this.bells.make(runs.length, (room) => createRuns(lanes.autocommit(), runs, room));
      this.db.emitted();
      return runs.map(() => ({ ok: undefined }));
    });
    this.steps = this.lane<NewStep, WrittenStep>('step', async (steps) => {
      const written = await writeSteps(lanes.autocommit(), steps);
      return written.map((step, at) => (step.held ? { ok: step } : { error: fenced(steps[at]!.turn) }));
    });
    const runOf = ({ turn }: Finish): string => turn.runId;
    this.finishes = this.lane('finish', (finishes) => this.endTurns(finishes, finishTurns), runOf);
    this.ends = this.lane('end', (finishes) => this.endTurns(finishes, endRuns), runOf);
  }

  /** Creates a run with its root task, ready to be claimed or taken at once. */
  create(run: NewRun): Promise<void> {
    return this.creates.submit(run);
  }

  async claim(worker: string, capacity: Capacity): Promise<Claim> {
    const done = this.metrics.claimSeconds.startTimer();
    try {
      return await claimTurns(this.roles.claims, worker, capacity);
    } finally {
      done();
    }
  }

  /** Journals a step. @returns whether the turn is to pause there @throws Fenced */
  async step(step: NewStep): Promise<boolean> {
    return (await this.steps.submit(step)).pause;
  }

  /** Has a turn count for another provider. @returns whether its cap has room */
  async countFor(turn: ClaimedTurn, provider: string): Promise<boolean> {
    const hasRoom = await countFor(this.roles.claims, turn, provider);
    // Where it counted before, there is room now.
    if (hasRoom) this.bells.ready();
    return hasRoom;
  }

  /** Ends a turn with what its agent decided. @throws Fenced */
  async finish(finish: Finish): Promise<void> {
    await (endsRun(finish) ? this.ends : this.finishes).submit(finish);
  }

  /** Journals a step that was to be journaled with what comes next. @throws Fenced */
  async keepLast(turn: ClaimedTurn): Promise<void> {
    const { last } = turn;
    turn.last = undefined;
    if (!last) return;
    await this.step({ turn, ...last });
    turn.spoken = false;
  }

  private async endTurns(finishes: readonly Finish[], end: typeof endRuns): Promise<ItemOutcome<void>[]> {
    const { lanes } = this.roles;
    const endAll = (some: readonly Finish[]): Promise<boolean[]> =>
      some.every(isOneStatement) ? end(lanes.autocommit(), some) : lanes.tx(undefined, (tx) => end(tx, some));
    const held = await endAll(finishes);
    // Left out or no longer held: by itself it is found out which.
    if (finishes.length > 1) for (const [at, finish] of finishes.entries()) held[at] ||= (await endAll([finish]))[0]!;
    if (finishes.some(({ ending }) => ending)) this.db.emitted();
    if (finishes.some(mayFree)) this.bells.ready();
    return held.map((isHeld, at) => (isHeld ? { ok: undefined } : { error: fenced(finishes[at]!.turn) }));
  }

  private lane<T, R>(
    name: string,
    flush: (items: readonly T[]) => Promise<readonly ItemOutcome<R>[]>,
    keyOf?: (item: T) => string,
  ): GroupCommit<T, R> {
    return groupCommitOf((items: readonly T[]) => {
      this.metrics.batchSize.observe({ lane: name }, items.length);
      return flush(items);
    }, keyOf);
  }
}

/**
 * Whether nothing but its own rows can be changed by the end of a turn: then it is one statement. What is left of a paused
 * run that is done goes on in a second one, after it: what a crash between them leaves paused belongs to a run that is over.
 */
const isOneStatement = ({ turn, activation }: Finish): boolean =>
  activation.kind !== 'parked' && (turn.taskId !== 'root' || (activation.kind === 'done' && turn.parentRunId === null));

/** Whether the end of a turn may make another claimable: one it spawned, answered, freed or kept out. */
const mayFree = ({ turn, activation }: Finish): boolean =>
  activation.kind === 'parked' || turn.taskId !== 'root' || turn.parentRunId !== null || turn.excludes;

/** A lane whose batches are transactions: an outage is waited for. */
export const groupCommitOf = <T, R>(
  flush: (items: readonly T[]) => Promise<readonly ItemOutcome<R>[]>,
  keyOf?: (item: T) => string,
): GroupCommit<T, R> =>
  new GroupCommit({
    flush,
    pause: (tries) => after(retryDelayMs(OUTAGE, tries, Math.random())),
    limit: BATCH,
    ...(keyOf && { keyOf }),
  });

const fenced = ({ runId, taskId, no, epoch }: ClaimedTurn): Fenced =>
  new Fenced(`turn ${runId}/${taskId}/${no} is no longer held at epoch ${epoch}`);
