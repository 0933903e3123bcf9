import {
  appendTo,
  applyEvent,
  commitsClosedEntryOf,
  ballotRecordsOf,
  type Admission,
  type Decision,
  type DecisionEvent,
} from '@conclave/consensus-core';
import { ConclaveError, events, type consensus, type ReplyOf } from '@conclave/contracts';
import { CONFIG, METRICS } from '@conclave/nest-kit';
import { Database, type Actor, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { Counter, type Registry } from 'prom-client';
import type { ConsensusConfig } from '../config.js';
import { PostgresReceipts } from '../receipts/postgres-receipts.js';
import { advance, type Cause } from './advance.js';
import { viewOf } from './decision-view.js';
import { OvertakenError, PostgresDecisions, type HeadChange, type Held } from './postgres-decisions.js';
import { refused } from './refused.js';
import { tellWaves } from './tell-waves.js';
import { Turns } from './turns.js';

/** What somebody wants of a decision. */
export type Command = (held: Held) => Admission | Promise<Admission>;

type View = ReplyOf<typeof consensus.getDecision>;

interface Asked {
  readonly ctx: Actor;
  readonly id: string;
  readonly command: Command;
  readonly resolve: (view: View) => void;
  readonly reject: (error: unknown) => void;
}

/** What a command came to. */
type Answer = { readonly held: Held; readonly refusal: Admission['refusal'] } | { readonly error: unknown };

/**
 * The one path on which a decision changes: lock, fold, ask the core, append its events and whatever follows by
 * itself, tell the others; all in one transaction, together with what else was asked of it meanwhile. A refusal that
 * leaves evidence commits first and refuses after.
 */
@Injectable()
export class BallotBox {
  private readonly sealed: Counter;
  private readonly turns = new Turns<Asked>((all) => this.carryOut(all));

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresDecisions) private readonly decisions: PostgresDecisions,
    @Inject(PostgresReceipts) private readonly receipts: PostgresReceipts,
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

  /** One after the other, in one transaction; when that fails, each in one of its own, and once more where one was overtaken. */
  private async carryOut(all: readonly Asked[], again = true): Promise<void> {
    const [{ ctx, id }] = all as readonly [Asked, ...Asked[]];
    const patient = { ...ctx, deadlineAt: Math.max(...all.map((asked) => asked.ctx.deadlineAt ?? Infinity)) };
    const work = async (tx: Tx) => this.answer(tx, await this.decisions.lock(tx, ctx, id), all);
    const carriedOut = (async () => this.db.tx(patient, work))();
    const answers = await carriedOut.catch((error: unknown) => {
      const final = all.length === 1 && !(again && error instanceof OvertakenError);
      return final ? [{ error }] : undefined;
    });
    if (answers) for (const [at, answer] of answers.entries()) settle(all[at]!, answer);
    else for (const one of all) await this.carryOut([one], all.length > 1);
  }

  private async answer(tx: Tx, before: Held, all: readonly Asked[]): Promise<Answer[]> {
    const answers: Answer[] = [];
    let held = before;
    let change: HeadChange | undefined;
    for (const { ctx, command } of all) {
      const admission = await admitted(command, held);
      if ('error' in admission) {
        answers.push(admission);
        continue;
      }
      const { after, added } = follow(held, admission, 'complete');
      const by = tx.as(ctx.actor);
      if (added.length > 0) change = { ...change, ...(await this.consequences(by, ctx, after, added)) };
      if (admission.late) await this.noteLate(by, ctx, held.id, admission.late);
      held = { ...after, deadlineAt: change?.deadlineAt ?? after.deadlineAt };
      answers.push({ held, refusal: admission.refusal });
    }
    if (change) await this.keep(tx, all[0]!.ctx, before, held, change);
    return answers;
  }

  /** Ends the waiting for a decision whose deadline has passed; nothing when another replica was faster. */
  async expire(ctx: Actor, id: string): Promise<void> {
    await this.db.tx(ctx, async (tx) => {
      const held = await this.decisions.lock(tx, ctx, id);
      if (held.deadlineAt && held.deadlineAt.getTime() <= Date.now()) await this.record(tx, ctx, held, 'deadline');
    });
  }

  /** The commits are in a published checkpoint: from now on reveals are welcome, for a while. */
  async openReveal(tx: Tx, ctx: Actor, id: string): Promise<void> {
    const held = await this.decisions.lock(tx, ctx, id);
    if (held.revealOpened || held.decision.phase !== 'reveal') return;
    const now = new Date();
    const window = now.getTime() + this.config.REVEAL_WINDOW_SECONDS * 1_000;
    const deadlineAt = new Date(Math.max(window, Date.parse(held.decision.terms.deadlineAt ?? '') || 0));
    await this.decisions.project(tx, ctx, held, { deadlineAt, revealOpenedAt: now });
    await tx.emit(events.revealOpened, { decision: id });
  }

  private async record(tx: Tx, ctx: Actor, before: Held, cause: Cause): Promise<void> {
    const { after, added } = follow(before, { events: [] }, cause);
    if (added.length === 0) return;
    await this.keep(tx, ctx, before, after, await this.consequences(tx, ctx, after, added));
  }

  private async keep(tx: Tx, ctx: Actor, before: Held, after: Held, change: HeadChange): Promise<void> {
    await Promise.all([
      this.decisions.append(tx, ctx, before.id, after.events.slice(before.events.length)),
      this.decisions.project(tx, ctx, after, change),
    ]);
  }

  /** Tells the log and the others, and says what the head row must remember of it. */
  private async consequences(tx: Tx, ctx: Actor, after: Held, added: readonly DecisionEvent[]): Promise<HeadChange> {
    const { id, decision } = after;
    let change: HeadChange = { deadlineAt: deadlineAfter(after, added) };
    await tellWaves(tx, decision, added);
    if (added.some(({ type }) => type === 'commits.closed')) {
      const { commitsSha256 } = commitsClosedEntryOf({ decisionId: id, ballots: ballotRecordsOf(decision) });
      change = {
        deadlineAt: this.checkpointDeadline(),
        commitsEventId: await tx.emit(events.commitsClosed, { decision: id, commitsSha256 }),
      };
    }
    if (!decision.ended) return change;
    if (decision.ended.type === 'decision.sealed') await this.seal(tx, ctx, after, decision);
    else await tx.emit(events.decisionCanceled, { decision: id });
    return { ...change, deadlineAt: null };
  }

  /** What came too late goes on record once for each voter: late ballots are no way to fill the log. */
  private async noteLate(tx: Tx, ctx: Actor, id: string, late: NonNullable<Admission['late']>): Promise<void> {
    const { voterId, statementSha256 } = late;
    if (await this.decisions.noteLate(tx, ctx, id, voterId))
      await tx.emit(events.ballotLate, { decision: id, voter: voterId, statementSha256 });
  }

  /** The checkpoint with the commits ends the wait for it; without one, nobody is waited for longer than for voters. */
  private checkpointDeadline(): Date {
    return new Date(Date.now() + this.config.DECISION_TTL_SECONDS * 1_000);
  }

  private async seal(tx: Tx, ctx: Actor, held: Held, { terms, ended, openedAt }: Decision): Promise<void> {
    if (ended?.type !== 'decision.sealed') return;
    const { phase, outcome } = ended.data;
    await this.receipts.issue(tx, ctx, held.events, (payloadSha256) =>
      tx.emit(events.decisionSealed, {
        decision: held.id,
        phase,
        outcome: { ...outcome, winners: [...outcome.winners] },
        payloadSha256,
        openedAt,
        sealedAt: ended.at,
        ...(terms.subject && { subject: terms.subject }),
      }),
    );
    tx.afterCommit(() => this.sealed.inc({ phase, outcome: outcome.status }));
  }
}

/** The decision after what was admitted, and after whatever follows by itself. */
function follow(before: Held, admission: Admission, cause: Cause): { after: Held; added: readonly DecisionEvent[] } {
  const at = new Date().toISOString();
  const asked = appendTo(before.decision.seq, admission.events, at);
  const between = asked.reduce(applyEvent, before.decision);
  const following = advance(between, cause, at);
  const added = [...asked, ...following];
  if (added.length === 0) return { after: before, added };
  const decision = following.reduce(applyEvent, between);
  return { after: { ...before, decision, events: [...before.events, ...added] }, added };
}

/** What the core says to a command, or why there was nothing to be asked. */
async function admitted(command: Command, held: Held): Promise<Admission | { readonly error: ConclaveError }> {
  try {
    return await command(held);
  } catch (error) {
    if (error instanceof ConclaveError) return { error };
    throw error;
  }
}

function settle({ resolve, reject }: Asked, answer: Answer): void {
  try {
    if ('error' in answer) reject(answer.error);
    else if (answer.refusal) reject(refused(answer.refusal, { phase: answer.held.decision.phase }));
    else resolve(viewOf(answer.held));
  } catch (error) {
    reject(error);
  }
}

/** Each phase before the vote has its own time, and the vote begins with at least as much. */
function deadlineAfter({ deadlineAt, decision: { terms } }: Held, added: readonly DecisionEvent[]): Date | null {
  const begun = added.findLast(({ type }) => PHASES_BEGIN.has(type));
  if (!begun) return deadlineAt;
  const patience = Date.now() + (terms.roundSeconds ?? 0) * 1_000;
  const term = begun.type === 'options.frozen' ? Date.parse(terms.deadlineAt ?? '') || 0 : 0;
  return new Date(Math.max(patience, term));
}

/** Events with which a phase begins that has a time of its own. */
const PHASES_BEGIN: ReadonlySet<DecisionEvent['type']> = new Set([
  'proposals.closed',
  'critiques.closed',
  'options.frozen',
]);
