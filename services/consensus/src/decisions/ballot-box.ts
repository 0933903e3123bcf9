import type { Admission, Decision } from '@conclave/consensus-core';
import { ConclaveError, events, type consensus, type ReplyOf } from '@conclave/contracts';
import { CONFIG, METRICS } from '@conclave/nest-kit';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Counter, type Registry } from 'prom-client';
import type { ConsensusConfig } from '../config.js';
import { Consequences, joined } from './consequences.js';
import { viewOf } from './decision-view.js';
import { OvertakenError, PostgresDecisions, type Change, type Held } from './postgres-decisions.js';
import { refused } from './refused.js';
import { requireRoomFor } from './room.js';
import { Turns } from './turns.js';

/**
 * What somebody wants of a decision: first examined by itself, at once with what else is asked meanwhile, for verifying
 * a signature takes long; then admitted or refused in its turn, after what was asked before it.
 */
export type Command = (held: Held) => InTurn | Promise<InTurn>;
type InTurn = (decision: Decision, held: Held) => Admission | Promise<Admission>;

type View = ReplyOf<typeof consensus.getDecision>;

interface Asked {
  readonly ctx: Actor;
  readonly id: string;
  readonly command: Command;
  readonly resolve: (view: View) => void;
  readonly reject: (error: unknown) => void;
}

/** What a command came to. */
type Answer =
  { readonly refusal: Admission['refusal']; readonly phase: Decision['phase'] } | { readonly error: unknown };

/** What several commands came to, each in its place, and the decision after them. */
interface Answered {
  readonly answers: readonly Answer[];
  readonly after: Held;
}

/** The same, and what is to be written for it. */
interface Considered extends Answered {
  readonly change: Change | undefined;
  readonly late: readonly { readonly ctx: Actor; readonly voterId: string; readonly statementSha256: string }[];
}

/**
 * The one path on which a decision changes: fold, ask the core, and write its events, whatever follows by itself and
 * what others are told in one statement, together with what else was asked of it meanwhile. A decision that is
 * remembered is written at once, if nobody else has changed it; otherwise it is locked and read. A refusal that leaves
 * evidence commits first and refuses after.
 */
@Injectable()
export class BallotBox {
  private readonly sealed: Counter;
  private readonly turns = new Turns<Asked>((all) => this.carryOut(all));

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
    @Inject(Consequences) private readonly consequences: Consequences,
    @Inject(CONFIG) private readonly config: ConsensusConfig,
    @Inject(METRICS) metrics: Registry,
  ) {
    this.sealed = new Counter({
      name: 'conclave_decisions_sealed_total',
      help: 'Decisions that came to an end, by phase and outcome.',
      labelNames: ['phase', 'outcome'],
      registers: [metrics],
    });
  }

  /** Carries a command out. @throws ConclaveError `consensus.decision.not-found` and whatever the core refuses with */
  act(ctx: Actor, id: string, command: Command): Promise<View> {
    return new Promise((resolve, reject) =>
      this.turns.add(`${ctx.tenantId} ${id}`, { ctx, id, command, resolve, reject }),
    );
  }

  /** Carries out what a voter signed, which has to fit its share of the receipt. */
  say<Statement extends object>(
    ctx: Actor,
    id: string,
    statement: Statement,
    examine: (decision: Decision, statement: Statement) => Promise<InTurn>,
  ): Promise<View> {
    return this.act(ctx, id, ({ decision }) => {
      requireRoomFor(statement, decision);
      return examine(decision, statement);
    });
  }

  /** One after the other, written together; when that fails, each by itself, and once more where one was overtaken. */
  private async carryOut(all: readonly Asked[], again = true): Promise<void> {
    const [{ ctx, id }] = all as readonly [Asked, ...Asked[]];
    const patient = { ...ctx, deadlineAt: Math.max(...all.map((asked) => asked.ctx.deadlineAt ?? Infinity)) };
    const carriedOut = (async () => (await this.fromMemory(patient, id, all)) ?? this.locked(patient, id, all))();
    try {
      settle(all, await carriedOut);
    } catch (error) {
      const final = all.length === 1 && !(again && error instanceof OvertakenError);
      if (final) all[0]!.reject(error);
      else for (const one of all) await this.carryOut([one], all.length > 1);
    }
  }

  /** Undefined when the decision is not remembered, or not as it is. */
  private async fromMemory(ctx: Actor, id: string, all: readonly Asked[]): Promise<Answered | undefined> {
    const held = this.decisions.recall(ctx, id);
    if (!held) return undefined;
    const considered = await this.consider(held, all);
    const { change, late } = considered;
    // A refusal may rest on what has changed since; a change that is written shows that nothing has.
    if (!change || late.length > 0) return undefined;
    try {
      await this.decisions.write(ctx, change);
    } catch (error) {
      if (error instanceof OvertakenError) return undefined;
      throw error;
    }
    this.written(ctx, change);
    return considered;
  }

  private locked(ctx: Actor, id: string, all: readonly Asked[]): Promise<Answered> {
    return this.db.tx(ctx, async (tx) => {
      const considered = await this.consider(await this.decisions.lock(tx, ctx, id), all);
      const { change, late } = considered;
      for (const one of late) await this.noteLate(tx, id, one);
      if (change) await this.write(tx, ctx, change);
      return considered;
    });
  }

  private async consider(before: Held, all: readonly Asked[]): Promise<Considered> {
    const answers: Answer[] = [];
    const late: Considered['late'][number][] = [];
    let change: Change | undefined;
    const examined = await Promise.all(all.map(({ command }) => attempt(() => command(before))));
    for (const [at, { ctx }] of all.entries()) {
      const held = change?.after ?? before;
      const inTurn = examined[at]!;
      const admission = 'error' in inTurn ? inTurn : await attempt(() => inTurn(held.decision, held));
      if ('error' in admission) {
        answers.push(admission);
        continue;
      }
      change = joined(change, this.consequences.of(ctx, held, admission, 'complete'));
      if (admission.late) late.push({ ctx, ...admission.late });
      answers.push({ refusal: admission.refusal, phase: (change?.after ?? held).decision.phase });
    }
    return { answers, after: change?.after ?? before, change, late };
  }

  /** Ends the waiting for a decision whose deadline has passed; nothing when another replica was faster. */
  async expire(ctx: Actor, id: string): Promise<void> {
    await this.db.tx(ctx, async (tx) => {
      const held = await this.decisions.lock(tx, ctx, id);
      if (!held.deadlineAt || held.deadlineAt.getTime() > Date.now()) return;
      const change = this.consequences.of(ctx, held, { events: [] }, 'deadline');
      if (change) await this.write(tx, ctx, change);
    });
  }

  /** The commits are in a published checkpoint: from now on reveals are welcome, for a while. */
  async openReveal(tx: Tx, ctx: Actor, id: string): Promise<void> {
    const held = await this.decisions.lock(tx, ctx, id);
    if (held.revealOpened || held.decision.phase !== 'reveal') return;
    const now = new Date();
    const window = now.getTime() + this.config.REVEAL_WINDOW_SECONDS * 1_000;
    const deadlineAt = new Date(Math.max(window, Date.parse(held.decision.terms.deadlineAt ?? '') || 0));
    await this.decisions.openReveal(tx, ctx, id, { deadlineAt, openedAt: now });
    await tx.emit(events.revealOpened, { decision: id });
  }

  private async write(tx: Tx, ctx: Actor, change: Change): Promise<void> {
    await this.decisions.write(ctx, change, tx);
    tx.afterCommit(() => this.written(ctx, change));
  }

  private written(ctx: Actor, { after, told }: Change): void {
    this.decisions.remember(ctx, after);
    if (told.length > 0) this.db.emitted();
    const { ended } = after.decision;
    if (ended?.type === 'decision.sealed')
      this.sealed.inc({ phase: ended.data.phase, outcome: ended.data.outcome.status });
  }

  /** What came too late goes on record once for each voter: late ballots are no way to fill the log. */
  private async noteLate(tx: Tx, id: string, { ctx, ...late }: Considered['late'][number]): Promise<void> {
    const { voterId: voter, statementSha256 } = late;
    if (await this.decisions.noteLate(tx, ctx, id, voter))
      await tx.as(ctx).emit(events.ballotLate, { decision: id, voter, statementSha256 });
  }
}

/** What the core says to a command, or why there was nothing to be asked. */
async function attempt<T>(ask: () => T | Promise<T>): Promise<T | { readonly error: ConclaveError }> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof ConclaveError) return { error };
    throw error;
  }
}

/** Everybody is answered with the decision after the turn: what was written together is seen together. */
function settle(all: readonly Asked[], { answers, after }: Answered): void {
  const view = viewOf(after);
  for (const [at, { resolve, reject }] of all.entries()) {
    const answer = answers[at]!;
    if ('error' in answer) reject(answer.error);
    else if (answer.refusal) reject(refused(answer.refusal, { phase: answer.phase }));
    else resolve(view);
  }
}
