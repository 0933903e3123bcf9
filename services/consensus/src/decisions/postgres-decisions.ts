/**
 * The SQL of decisions. Events are only ever inserted; the head row is a projection of them, and its lock is what
 * makes commands on one decision take turns.
 */
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
import type { Actor, Statements, Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import { cursorOf } from '../page-cursor.js';

/** A decision as it is loaded: its events, what they fold to, and what only the head row knows. */
export interface Held {
  readonly id: string;
  readonly requestSha256: string;
  readonly events: readonly DecisionEvent[];
  readonly decision: Decision;
  /** Whether the commits' log entry is in a published checkpoint. */
  readonly revealOpened: boolean;
  readonly receiptReady: boolean;
  readonly deadlineAt: Date | null;
  /** Who opened it; null in decisions from before this was kept. */
  readonly openedBy: string | null;
}

/** The columns of the head row that events change; what is absent stays. */
export interface HeadChange {
  readonly deadlineAt?: Date | null;
  readonly commitsEventId?: string;
  readonly revealOpenedAt?: Date;
}

/** What a new decision's head row holds besides its events. */
export interface Claimed {
  readonly requestSha256: string;
  readonly deadlineAt: string;
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

const ADDED = `insert into decision_event (tenant_id, decision_id, seq, type, at, data)
  select $1, $2, seq, type, at, data
  from unnest($3::int[], $4::text[], $5::timestamptz[], $6::json[]) as added (seq, type, at, data)`;

const addedOf = ({ tenantId }: Actor, id: string, events: readonly DecisionEvent[]): unknown[] => [
  ...[tenantId, id, events.map(({ seq }) => seq), events.map(({ type }) => type), events.map(({ at }) => at)],
  events.map(({ data }) => JSON.stringify(data)),
];

const HEAD = `d.id, d.request_sha256, d.seq, d.question, d.phase, d.outcome, d.opened_at, d.sealed_at, d.deadline_at, d.opened_by, d.reveal_opened_at,
  exists (select from receipt r where r.tenant_id = d.tenant_id and r.decision_id = d.id and r.proof is not null) as receipt_ready`;

@Injectable()
export class PostgresDecisions {
  private readonly remembered = new Remembered();

  /** Claims the id for these terms; undefined when it was claimed before, by a transaction that has committed. */
  async claim(tx: Tx, ctx: Actor, first: readonly DecisionEvent[], claimed: Claimed): Promise<Held | undefined> {
    const { requestSha256, deadlineAt } = claimed;
    const decision = foldDecision(first);
    const { decisionId: id, question } = decision.terms;
    const row = await tx.one(
      `with claimed as (
         insert into decision (tenant_id, id, request_sha256, question, phase, opened_at, deadline_at, opened_by, seq)
         values ($1, $2, $7, $8, $9, $10, $11, $12, $13) on conflict do nothing returning id
       ), added as (${ADDED.replace('from unnest', 'from claimed, unnest')})
       select id from claimed`,
      [
        ...addedOf(ctx, id, first),
        ...[requestSha256, question, decision.phase, decision.openedAt, deadlineAt, ctx.actor, decision.seq],
      ],
    );
    if (!row) return undefined;
    const held = {
      ...{ id, requestSha256, events: first, decision, revealOpened: false, receiptReady: false },
      ...{ deadlineAt: new Date(deadlineAt), openedBy: ctx.actor },
    };
    this.remember(tx, ctx, held);
    return held;
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

  find(tx: Tx, ctx: Actor, id: string): Promise<Held | undefined> {
    return this.load(tx, ctx, id, '');
  }

  /** Reads a decision and lets nobody else act on it until the transaction ends. @throws ConclaveError `consensus.decision.not-found` */
  async lock(tx: Tx, ctx: Actor, id: string): Promise<Held> {
    return (await this.load(tx, ctx, id, 'for update of d')) ?? notFound(id);
  }

  /**
   * @throws OvertakenError when a process that keeps no `seq` on the head row appended events since this one last saw
   * the decision; what it remembers is forgotten, so that the next lock reads them.
   */
  async append(tx: Tx, ctx: Actor, id: string, events: readonly DecisionEvent[]): Promise<void> {
    try {
      await tx.query(ADDED, addedOf(ctx, id, events));
    } catch (error) {
      if (!isTaken(error)) throw error;
      this.remembered.forget(ctx, id);
      throw new OvertakenError(`decision ${id} has more events than were known`, { cause: error });
    }
  }

  /** Brings the head row up to the events. */
  async project(tx: Tx, ctx: Actor, held: Held, change: HeadChange): Promise<void> {
    const { id, decision } = held;
    const { phase, seq, ended } = decision;
    this.remember(tx, ctx, held);
    const sealed = ended?.type === 'decision.sealed' ? ended : undefined;
    await tx.query(
      `update decision set phase = $3, outcome = $4, sealed_at = $5, deadline_at = $6,
         commits_event_id = coalesce($7, commits_event_id), reveal_opened_at = coalesce($8, reveal_opened_at),
         seq = $9
       where tenant_id = $1 and id = $2`,
      [
        ctx.tenantId,
        id,
        phase,
        sealed ? JSON.stringify(sealed.data.outcome) : null,
        sealed?.at ?? null,
        change.deadlineAt ?? null,
        change.commitsEventId ?? null,
        change.revealOpenedAt ?? null,
        seq,
      ],
    );
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

  /** Decisions whose deadline has passed, of all tenants; as the system role, which sees nothing else of them. */
  due(tx: Tx, limit: number): Promise<{ tenant_id: string; id: string }[]> {
    return tx.query(
      'select tenant_id, id from decision where deadline_at <= clock_timestamp() order by deadline_at limit $1',
      [limit],
    );
  }

  /** The origin of the log that the tenant has now; undefined while it is the first one. */
  async originOf(tx: Tx, ctx: Actor): Promise<string | undefined> {
    const row = await tx.one<{ origin: string }>('select origin from log_origin where tenant_id = $1', [ctx.tenantId]);
    return row?.origin;
  }

  async keepOrigin(tx: Tx, tenantId: string, origin: string): Promise<void> {
    await tx.query(
      `insert into log_origin (tenant_id, origin) values ($1, $2)
       on conflict (tenant_id) do update set origin = excluded.origin`,
      [tenantId, origin],
    );
  }

  private async load(tx: Tx, ctx: Actor, id: string, locking: '' | 'for update of d'): Promise<Held | undefined> {
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
      events,
      decision,
      revealOpened: head.reveal_opened_at !== null,
      receiptReady: head.receipt_ready,
      deadlineAt: head.deadline_at,
      openedBy: head.opened_by,
    };
  }

  private async fold(tx: Tx, ctx: Actor, id: string): Promise<Folded> {
    const rows = await tx.query<EventRow>(
      'select seq, type, at, data from decision_event where tenant_id = $1 and decision_id = $2 order by seq',
      [ctx.tenantId, id],
    );
    const events = rows.map(eventOf);
    return { events, decision: foldDecision(events) };
  }

  private remember(tx: Tx, ctx: Actor, { id, events, decision }: Held): void {
    tx.afterCommit(() => this.remembered.set(ctx, id, { events, decision }));
  }
}

type Folded = Pick<Held, 'events' | 'decision'>;

/** The events were not appended: others stand in their places. */
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
  private readonly known = new Map<string, Folded>();

  get({ tenantId }: Actor, { id, seq, phase }: Pick<HeadRow, 'id' | 'seq' | 'phase'>): Folded | undefined {
    const folded = this.known.get(`${tenantId} ${id}`);
    return folded?.decision.seq === seq && folded.decision.phase === phase ? folded : undefined;
  }

  forget({ tenantId }: Actor, id: string): void {
    this.known.delete(`${tenantId} ${id}`);
  }

  set({ tenantId }: Actor, id: string, folded: Folded): void {
    const key = `${tenantId} ${id}`;
    this.known.delete(key);
    if (isFinal(folded.decision.phase)) return;
    this.known.set(key, folded);
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
