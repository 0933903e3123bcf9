import { ConclaveError, laneOf, newId, type EventContract } from '@conclave/contracts';
import { SpanKind, activeTraceId, inSpan, type RequestContext } from '@conclave/nest-kit';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import {
  STATEMENT_TIMEOUT_MS,
  type Connection,
  type ConnectionSource,
  type Statement,
  type Terms,
} from './connections.js';
import { SharedTrips } from './shared-trips.js';
import { isOutage, isSilence, isStalePlan, isStatementTimeout } from './outage.js';

/** An event has to fit a message, and several of them a page of the log. */
const EVENT_LIMIT_BYTES = 262_144;

/** Statements of one connection at once: more of them would wait longer for each other than for a second connection. */
const READS_TOGETHER = 16;

const SPAN = {
  name: 'postgres transaction',
  kind: SpanKind.CLIENT,
  attributes: { 'db.system.name': 'postgresql' },
};

/** Who a transaction is for, and until when if somebody waits: the part of a request context the database needs. */
export type Actor = Pick<RequestContext, 'tenantId' | 'actor'> &
  Partial<Pick<RequestContext, 'deadlineAt' | 'verdict'>>;

/** Takes the lock of that name, an SQL expression, in shared mode until the transaction ends. */
const lockShared = (name: string): string => `pg_advisory_xact_lock_shared(hashtextextended(${name}, 0))`;

/**
 * Takes a lock of the tenant's until the transaction ends: alone, or alongside others that take it so. Whoever looks
 * while they hold it alongside commits before what it guards is changed by whoever holds it alone.
 */
export async function lock(tx: Statements, ctx: Actor, name: string, how: 'alone' | 'alongside'): Promise<void> {
  const sql = how === 'alone' ? 'pg_advisory_xact_lock(hashtextextended($1, 0))' : lockShared('$1');
  await tx.query(`select ${sql}`, [lockName(ctx, name)]);
}

/** The statement that takes a lock of these tenants' alongside others, always in the same order. */
export function lockAlongside(tenantIds: readonly string[], name: string): Statement {
  const names = [...new Set(tenantIds)].sort().map((tenantId) => lockName({ tenantId }, name));
  return [`select ${lockShared('name')} from unnest($1::text[]) as name`, [names]];
}

const lockName = ({ tenantId }: Pick<Actor, 'tenantId'>, name: string): string => `${tenantId} ${name}`;

/** What runs statements. */
export interface Statements {
  query<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** The first row, or undefined. */
  one<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row | undefined>;
}

/** A transaction under way. */
export interface Tx extends Statements {
  /**
   * Appends an event to this service's log, in this transaction; consumers see it after commit. Returns its id.
   * @throws ConclaveError `request.too-large` when its data do not fit a message
   */
  emit<T extends z.ZodType>(event: EventContract<T>, data: z.input<T>): Promise<string>;
  /** The same transaction, with another one's name on the events it appends, and what permitted them to act. */
  as(who: Pick<Actor, 'actor' | 'verdict'>): Tx;
  /** Calls `work` once this transaction has committed, and never when it has not. */
  afterCommit(work: () => void): void;
  /** TypeORM's manager on this transaction; only services that registered entities have one. */
  readonly entities: EntityManager;
}

/** An event as it is appended to its service's log, for a statement that does so among other things. */
export interface OutboundEvent {
  readonly id: string;
  readonly lane: number;
  readonly type: string;
  readonly actor: string;
  /** Its data, as JSON. */
  readonly body: string;
  /** What permitted the act, as JSON. */
  readonly verdict: string | null;
}

/** @throws ConclaveError `request.too-large` when its data do not fit a message */
export function outboundEvent<T extends z.ZodType>(
  { tenantId, actor, verdict }: Actor,
  { type, data: schema }: EventContract<T>,
  data: z.input<T>,
): OutboundEvent {
  const body = JSON.stringify(schema.parse(data));
  if (Buffer.byteLength(body) > EVENT_LIMIT_BYTES)
    throw new ConclaveError('request.too-large', { limitBytes: EVENT_LIMIT_BYTES });
  return { id: newId('event'), lane: laneOf(tenantId), type, actor, body, verdict: verdictJson(verdict) };
}

/** What permitted an act, as its event keeps it; null when nobody had to. */
export const verdictJson = (verdict: Actor['verdict']): string | null => (verdict ? JSON.stringify(verdict) : null);

/** Transactions of one role. An outage of Postgres leaves as ConclaveError `service.unavailable`, all else as it is. */
export class Role {
  private readonly sharedReads = new SharedTrips((use) => withConnection(this.source, undefined, use), READS_TOGETHER);

  constructor(
    private readonly source: ConnectionSource,
    private readonly ring: () => void = () => undefined,
  ) {}

  /** Runs `work` in one transaction; no statement of it outlives the context's deadline. */
  tx<T>(ctx: Actor | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    return traced(async () => {
      const after = new Set<() => void>();
      const result = await withConnection(
        this.source,
        ctx,
        async (connection, terms) => {
          connection.begin(terms);
          const done = await work(txOn(connection, ctx, after, this.ring));
          await connection.commit();
          return done;
        },
        (connection) => connection.rollback(),
      );
      for (const listener of after) listener();
      return result;
    });
  }

  /** Reads, those of several callers on one connection; Postgres refuses what is none. */
  reads(ctx: Actor): Statements {
    return sharedBy(this.sharedReads, ctx);
  }

  /** Every statement is a transaction of its own, which travels in one piece. */
  autocommit(ctx?: Actor): Statements {
    return statementsBy((sql, params) => this.together([[sql, params]], ctx));
  }

  /**
   * Runs statements that do not depend on each other's answers in one transaction, which travels in one piece. Each sees
   * what was committed until it began. Returns the rows of the last.
   */
  together<Row extends object>(statements: readonly Statement[], ctx?: Actor): Promise<Row[]> {
    return traced(() => withConnection(this.source, ctx, (lent, terms) => lent.together<Row>(terms, statements)));
  }

  /** Statements that each run behind `first`, in its transaction and in one piece with it. */
  behind(first: Statement): Statements {
    return statementsBy((sql, params) => this.together([first, [sql, params]]));
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/**
 * The one way to the database. `tx` runs as the app role with the tenant set, so row-level security decides what it
 * sees; `system` runs as the system role, whose named policies cover the event log and the engine's tables only.
 */
export class Database {
  private readonly listeners = new Set<() => void>();
  private readonly app: Role;
  private readonly systemRole: Role;

  constructor(app: ConnectionSource, system: ConnectionSource) {
    const ring = (): void => this.emitted();
    this.app = new Role(app, ring);
    this.systemRole = new Role(system, ring);
  }

  /**
   * Runs `work` in one transaction for a tenant; no statement of it outlives the context's deadline.
   * @throws ConclaveError `auth.unauthenticated` when the context has no tenant, `request.deadline` when it is too late
   */
  tx<T>(ctx: Actor, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.app.tx(ofTenant(ctx), work);
  }

  /**
   * Like `tx`, with every statement a transaction of its own: it travels together with its begin and commit, once there
   * and once back. For what one statement can do.
   * @throws ConclaveError `auth.unauthenticated` when the context has no tenant
   */
  autocommit(ctx: Actor): Statements {
    return this.app.autocommit(ofTenant(ctx));
  }

  /**
   * Like `autocommit`, for reads alone: those that come together share a connection, one piece there and one back, each
   * under the settings of its own tenant. For what takes no longer than a look at an index; others wait behind it.
   * @throws ConclaveError `auth.unauthenticated` when the context has no tenant
   */
  reads(ctx: Actor): Statements {
    return this.app.reads(ofTenant(ctx));
  }

  /** Runs `work` in one transaction of the system role, across tenants. */
  system<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.systemRole.tx(undefined, work);
  }

  /** Like `autocommit`, of the system role, across tenants. */
  get acrossTenants(): Statements {
    return this.systemRole.autocommit();
  }

  /** Like `acrossTenants`, with several statements in one transaction and one piece. Returns the rows of the last. */
  together<Row extends object>(statements: readonly Statement[]): Promise<Row[]> {
    return this.systemRole.together<Row>(statements);
  }

  /** Calls `listener` after each commit that appended events. */
  onEmit(listener: () => void): void {
    this.listeners.add(listener);
  }

  /** What `onEmit` waits for happened by other ways than `emit`. */
  emitted(): void {
    this.listeners.forEach((listener) => listener());
  }

  /** Throws unless both roles can work and the schema is there. */
  async ready(): Promise<void> {
    await Promise.all([
      this.app.tx(undefined, (tx) => tx.query('select 1')),
      this.system((tx) => tx.query('select from event_lane limit 1')),
    ]);
  }

  async close(): Promise<void> {
    await Promise.all([this.app.close(), this.systemRole.close()]);
  }
}

function ofTenant(ctx: Actor): Actor {
  if (!ctx.tenantId) throw new ConclaveError('auth.unauthenticated');
  return ctx;
}

/** The kit's own beats and sweeps belong to no request: a trace of each would bury the others. */
const traced = <T>(transaction: () => Promise<T>): Promise<T> =>
  activeTraceId() === undefined ? transaction() : inSpan(SPAN, transaction);

/** Lends a connection to `use`, and says of its failures which are outages; after one, `undo` makes it good again. */
async function withConnection<T>(
  source: ConnectionSource,
  ctx: Actor | undefined,
  use: (connection: Connection, terms: Terms) => Promise<T>,
  undo?: (connection: Connection) => Promise<void>,
): Promise<T> {
  const connection = await source.acquire().catch(refuse);
  let broken: Error | undefined;
  try {
    return await use(connection, { tenantId: ctx?.tenantId, timeoutMs: timeLeft(ctx) });
  } catch (error) {
    // Behind a statement that is not answered a rollback would wait as long again.
    if (isSilence(error) || isStalePlan(error)) broken = error;
    else await undo?.(connection).catch((fault: Error) => (broken = fault));
    if (isStatementTimeout(error)) timeLeft(ctx); // when it was the caller's time that was up, that is what is said
    return refuse(error);
  } finally {
    connection.release(broken);
  }
}

/** A statement that fails alone leaves its connection to the others. */
const sharedBy = (trips: SharedTrips, ctx: Actor): Statements =>
  statementsBy(<Row extends object>(sql: string, params?: readonly unknown[]) =>
    traced(async () => {
      try {
        return await trips.run<Row>([sql, params], {
          tenantId: ctx.tenantId,
          timeoutMs: timeLeft(ctx),
          readOnly: true,
        });
      } catch (error) {
        if (isStatementTimeout(error)) timeLeft(ctx);
        return refuse(error);
      }
    }),
  );

/** @throws ConclaveError `request.deadline` when there is none */
function timeLeft(ctx: Actor | undefined): number | undefined {
  if (ctx?.deadlineAt === undefined) return undefined;
  const leftMs = ctx.deadlineAt - Date.now();
  if (leftMs <= 0) throw new ConclaveError('request.deadline');
  return Math.min(leftMs, STATEMENT_TIMEOUT_MS);
}

function refuse(error: unknown): never {
  if (error instanceof ConclaveError || !isOutage(error)) throw error;
  throw new ConclaveError('service.unavailable', { service: 'postgres' }, { cause: error });
}

const statementsBy = (query: Statements['query']): Statements => ({
  query,
  one: async <Row extends object>(sql: string, params?: readonly unknown[]) => (await query<Row>(sql, params))[0],
});

function txOn(connection: Connection, ctx: Actor | undefined, after: Set<() => void>, ring: () => void): Tx {
  return {
    ...statementsBy((sql, params) => connection.query(sql, params)),
    async emit(event, data) {
      if (!ctx) throw new Error('events belong to a tenant');
      const { id, lane, type, actor, body, verdict } = outboundEvent(ctx, event, data);
      await connection.query(
        'insert into outbound_event (id, tenant_id, lane, type, actor, data, verdict) values ($1, $2, $3, $4, $5, $6, $7)',
        [id, ctx.tenantId, lane, type, actor, body, verdict],
      );
      after.add(ring);
      return id;
    },
    as: ({ actor, verdict }) => txOn(connection, ctx && { ...ctx, actor, verdict }, after, ring),
    afterCommit: (work) => void after.add(work),
    get entities() {
      if (!connection.entities) throw new Error('this service registered no entities');
      return connection.entities;
    },
  };
}
