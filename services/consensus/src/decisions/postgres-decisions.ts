/**
 * The SQL of decisions. Events are only ever inserted; the head row is a projection of them, and the count of events on
 * it is what makes commands on one decision take turns.
 */
import type { DsseEnvelope } from '@conclave/audit-core';
import {
  foldDecision,
  isFinal,
  parseEventData,
  type Decision,
  type DecisionEvent,
  type EventType,
  type Outcome,
} from '@conclave/consensus-core';
import { ConclaveError, type RequestOf, type consensus } from '@conclave/contracts';
import type { Actor, OutboundEvent, Statements, Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import { cursorOf } from '../page-cursor.js';
import { DecisionLanes, within, type DecisionWriter } from './decision-lanes.js';
import type { VoterKey } from '../voter-keys/postgres-voter-keys.js';

/** A decision as it is loaded: its events, what they fold to, and what only the head row knows. */
export interface Held {
  readonly id: string;
  readonly requestSha256: string;
  /** How many events the head row counts; null where it was written by code that keeps no count. */
  readonly seq: number | null;
  readonly events: readonly DecisionEvent[];
  readonly decision: Decision;
  /** Whether the commits' log entry is in a published checkpoint. */
  readonly revealOpened: boolean;
  readonly receiptReady: boolean;
  readonly deadlineAt: Date | null;
  /** Who opened it; null in decisions from before this was kept. */
  readonly openedBy: string | null;
}

/** All that one turn of a decision writes. */
export interface Change {
  readonly before: Held;
  readonly after: Held;
  /** What the log and the others are told. */
  readonly told: readonly OutboundEvent[];
  readonly commitsEventId?: string;
  readonly receipt?: { readonly envelope: DsseEnvelope; readonly eventId: string };
}

/** What an opening freezes of its tenant: the keys of who votes, and where the log is. */
export interface Roll {
  readonly keys: ReadonlyMap<string, VoterKey>;
  /** The origin of the present log; undefined while it is the first one. */
  readonly origin: string | undefined;
}

/** What a new decision's head row holds besides its events. */
export interface Claimed {
  readonly requestSha256: string;
  readonly deadlineAt: string;
  readonly told: readonly OutboundEvent[];
  readonly roll: Roll;
}

interface HeadRow {
  id: string;
  request_sha256: string;
  seq: number | null;
  question: string;
  phase: Decision['phase'];
  outcome: Outcome | null;
  opened_at: Date;
  sealed_at: Date | null;
  deadline_at: Date | null;
  opened_by: string | null;
  reveal_opened_at: Date | null;
  receipt_ready: boolean;
}

interface EventRow {
  seq: number;
  type: EventType;
  at: Date;
  data: unknown;
}

/** Decisions under way that a process keeps in mind; each is at most some hundred kilobytes. */
const REMEMBERED = 200;

const HEAD = `d.id, d.request_sha256, d.seq, d.question, d.phase, d.outcome, d.opened_at, d.sealed_at, d.deadline_at, d.opened_by, d.reveal_opened_at,
  exists (select from receipt r where r.tenant_id = d.tenant_id and r.decision_id = d.id and r.proof is not null) as receipt_ready`;

@Injectable()
export class PostgresDecisions {
  private readonly remembered = new Remembered();

  constructor(@Inject(DecisionLanes) private readonly lanes: DecisionLanes) {}

  /**
   * Claims the id for these terms; `taken` when it was claimed before, by a transaction that has committed. By itself,
   * or as a part of a transaction.
   *
   * @throws OvertakenError when the roll that the terms were frozen from does not hold any more
   */
  async claim(ctx: Actor, first: readonly DecisionEvent[], claimed: Claimed, tx?: Tx): Promise<Held | 'taken'> {
    const { requestSha256, deadlineAt, told, roll } = claimed;
    const decision = foldDecision(first);
    const { seq, phase, openedAt, terms } = decision;
    const { decisionId: id, question, electorate } = terms;
    const opened = await this.writer(tx).open({
      ...{ tenantId: ctx.tenantId, id, requestSha256, question, phase, seq, openedAt, deadlineAt, openedBy: ctx.actor },
      ...{ events: first, told, origin: roll.origin },
      frozen: electorate.map(({ voterId: voter }) => ({ voter, generation: roll.keys.get(voter)!.generation })),
    });
    if (opened === 'overtaken') throw new OvertakenError(`the electoral roll of ${ctx.tenantId} has changed`);
    if (opened === 'taken') return 'taken';
    return {
      ...{ id, requestSha256, seq, events: first, decision, revealOpened: false, receiptReady: false },
      ...{ deadlineAt: new Date(deadlineAt), openedBy: ctx.actor },
    };
  }

  /** Remembers that a voter came too late; false when that was known. */
  async noteLate(tx: Tx, ctx: Actor, id: string, voterId: string): Promise<boolean> {
    const row = await tx.one(
      `insert into late_voter (tenant_id, decision_id, voter_id) values ($1, $2, $3) on conflict do nothing returning voter_id`,
      [ctx.tenantId, id, voterId],
    );
    return row !== undefined;
  }

  /** @throws ConclaveError `consensus.decision.not-found` */
  async read(tx: Tx, ctx: Actor, id: string): Promise<Held> {
    return (await this.find(tx, ctx, id)) ?? notFound(id);
  }

  find(tx: Statements, ctx: Actor, id: string): Promise<Held | undefined> {
    return this.load(tx, ctx, id, '');
  }

  /** Reads a decision and lets nobody else act on it until the transaction ends. @throws ConclaveError `consensus.decision.not-found` */
  async lock(tx: Tx, ctx: Actor, id: string): Promise<Held> {
    return (await this.load(tx, ctx, id, 'for update of d')) ?? notFound(id);
  }

  /**
   * Writes what a turn came to, if nobody has changed the decision since it was read.
   *
   * @throws OvertakenError when somebody has; what is remembered is forgotten, so that the next lock reads it
   */
  async write(ctx: Actor, { before, after, told, commitsEventId, receipt }: Change, tx?: Tx): Promise<void> {
    const { id, decision, deadlineAt } = after;
    const { phase, seq, ended } = decision;
    const sealed = ended?.type === 'decision.sealed' ? ended : undefined;
    const written = await this.writer(tx)
      .write({
        ...{ tenantId: ctx.tenantId, id, phase, seq, before: before.seq, deadlineAt, told, commitsEventId, receipt },
        events: after.events.slice(before.events.length),
        outcome: sealed?.data.outcome ?? null,
        sealedAt: sealed?.at ?? null,
        movesDeadline: before.deadlineAt?.getTime() !== deadlineAt?.getTime(),
      })
      // A process that keeps no count appended events.
      .catch((error: unknown) => (isTaken(error) ? false : Promise.reject(error as Error)));
    if (written) return;
    this.remembered.forget(ctx, id);
    throw new OvertakenError(`decision ${id} has more events than were known`);
  }

  /** Welcomes reveals. */
  async openReveal(
    tx: Tx,
    ctx: Actor,
    id: string,
    { deadlineAt, openedAt }: { readonly deadlineAt: Date; readonly openedAt: Date },
  ): Promise<void> {
    await tx.query('update decision set deadline_at = $3, reveal_opened_at = $4 where tenant_id = $1 and id = $2', [
      ...[ctx.tenantId, id, deadlineAt, openedAt],
    ]);
  }

  /** Keeps a decision in mind as it has been written. */
  remember(ctx: Actor, held: Held): void {
    this.remembered.set(ctx, held);
  }

  /** A decision as it was last seen, unless its head row changes without events: while reveals are waited for. */
  recall(ctx: Actor, id: string): Held | undefined {
    const held = this.remembered.find(ctx, id);
    return held?.decision.phase === 'reveal' ? undefined : held;
  }

  /** Heads, newest first: by time, for whoever opens a decision may choose its id. */
  async list(db: Statements, ctx: Actor, { limit, after, phase }: RequestOf<typeof consensus.listDecisions>) {
    const rows = await db.query<HeadRow>(
      `select ${HEAD} from decision d
       where d.tenant_id = $1 and ($3::text is null or d.phase = $3) and ($2::text is null or (d.opened_at, d.id) <
         (select last.opened_at, last.id from decision last where last.tenant_id = $1 and last.id = $2))
       order by d.opened_at desc, d.id desc limit $4`,
      [ctx.tenantId, cursorOf('decision', after), phase ?? null, limit + 1],
    );
    return rows.map((row) => ({
      id: row.id,
      question: row.question,
      phase: row.phase,
      ...(row.outcome && { outcome: { ...row.outcome, winners: [...row.outcome.winners] } }),
      openedAt: row.opened_at.toISOString(),
      ...(row.sealed_at && { sealedAt: row.sealed_at.toISOString() }),
      receiptReady: row.receipt_ready,
    }));
  }

  /** The decision whose commits were closed by this event. */
  async ofCommitsEvent(tx: Tx, ctx: Actor, eventId: string): Promise<string | undefined> {
    const row = await tx.one<{ id: string }>('select id from decision where tenant_id = $1 and commits_event_id = $2', [
      ctx.tenantId,
      eventId,
    ]);
    return row?.id;
  }

  /** Decisions whose deadline has passed, of all tenants that are not suspended; as the system role, which sees nothing else of them. */
  due(tx: Tx, limit: number): Promise<{ tenant_id: string; id: string }[]> {
    return tx.query(
      `select tenant_id, id from decision d where deadline_at <= clock_timestamp()
         and not exists (select from held_tenant h where h.tenant_id = d.tenant_id) order by deadline_at limit $1`,
      [limit],
    );
  }

  /** The origin of the log that the tenant has now; undefined while it is the first one. */
  async originOf(db: Statements, ctx: Actor): Promise<string | undefined> {
    const row = await db.one<{ origin: string }>('select origin from log_origin where tenant_id = $1', [ctx.tenantId]);
    return row?.origin;
  }

  async keepOrigin(tx: Tx, tenantId: string, origin: string): Promise<void> {
    await tx.query(
      `insert into log_origin (tenant_id, origin) values ($1, $2)
       on conflict (tenant_id) do update set origin = excluded.origin`,
      [tenantId, origin],
    );
  }

  /** A part of the transaction, or by the lanes. */
  private writer(tx: Tx | undefined): DecisionWriter {
    return tx ? within(tx) : this.lanes;
  }

  private async load(
    tx: Statements,
    ctx: Actor,
    id: string,
    locking: '' | 'for update of d',
  ): Promise<Held | undefined> {
    const head = await tx.one<HeadRow>(
      `select ${HEAD} from decision d where d.tenant_id = $1 and d.id = $2 ${locking}`,
      [ctx.tenantId, id],
    );
    if (!head) return undefined;
    const remembered = locking && this.remembered.get(ctx, head);
    const { events, decision } = remembered || (await this.fold(tx, ctx, id));
    return {
      id,
      requestSha256: head.request_sha256,
      seq: head.seq,
      events,
      decision,
      revealOpened: head.reveal_opened_at !== null,
      receiptReady: head.receipt_ready,
      deadlineAt: head.deadline_at,
      openedBy: head.opened_by,
    };
  }

  private async fold(tx: Statements, ctx: Actor, id: string): Promise<Folded> {
    const rows = await tx.query<EventRow>(
      'select seq, type, at, data from decision_event where tenant_id = $1 and decision_id = $2 order by seq',
      [ctx.tenantId, id],
    );
    const events = rows.map(eventOf);
    return { events, decision: foldDecision(events) };
  }
}

type Folded = Pick<Held, 'events' | 'decision'>;

/** Nothing was written: others were faster. */
export class OvertakenError extends Error {
  override readonly name = 'OvertakenError';
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'constraint' in error && error.constraint === 'decision_event_pkey';
}

/**
 * Decisions that are being voted on, as they were last seen. Events never change, so their number says whether they
 * still are; not where a process that keeps none appended, which shows by a phase it reached or when appending fails.
 */
class Remembered {
  private readonly known = new Map<string, Held>();

  find({ tenantId }: Actor, id: string): Held | undefined {
    return this.known.get(`${tenantId} ${id}`);
  }

  get(ctx: Actor, { id, seq, phase }: Pick<HeadRow, 'id' | 'seq' | 'phase'>): Folded | undefined {
    const folded = this.find(ctx, id);
    return folded?.decision.seq === seq && folded.decision.phase === phase ? folded : undefined;
  }

  forget({ tenantId }: Actor, id: string): void {
    this.known.delete(`${tenantId} ${id}`);
  }

  set({ tenantId }: Actor, held: Held): void {
    const key = `${tenantId} ${held.id}`;
    this.known.delete(key);
    if (isFinal(held.decision.phase)) return;
    this.known.set(key, { ...held, seq: held.decision.seq });
    const [oldest] = this.known.keys();
    if (this.known.size > REMEMBERED && oldest !== undefined) this.known.delete(oldest);
  }
}

function notFound(id: string): never {
  throw new ConclaveError('consensus.decision.not-found', { id });
}

function eventOf({ seq, type, at, data }: EventRow): DecisionEvent {
  const known = parseEventData(type, data);
  if (!known.ok) throw new Error(`event ${seq} (${type}) is damaged at ${known.path}`);
  return { seq, at: at.toISOString(), type, data: known.value } as DecisionEvent;
}
