import { ConclaveError, laneOf, newId, type EventContract } from '@conclave/contracts';
import { SpanKind, activeTraceId, inSpan, type RequestContext } from '@conclave/nest-kit';
import type { EntityManager } from 'typeorm';
import type { z } from 'zod';
import type { Connection, ConnectionSource } from './connections.js';
import { isOutage } from './outage.js';

const SPAN = {
  name: 'postgres transaction',
  kind: SpanKind.CLIENT,
  attributes: { 'db.system.name': 'postgresql' },
};

/** Who a transaction is for: the part of a request context the database needs. */
export type Actor = Pick<RequestContext, 'tenantId' | 'actor'>;

/** A transaction under way. */
export interface Tx {
  query<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** The first row, or undefined. */
  one<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row | undefined>;
  /** Appends an event to this service's log, in this transaction; consumers see it after commit. Returns its id. */
  emit<T extends z.ZodType>(event: EventContract<T>, data: z.input<T>): Promise<string>;
  /** Calls `work` once this transaction has committed, and never when it has not. */
  afterCommit(work: () => void): void;
  /** TypeORM's manager on this transaction; only services that registered entities have one. */
  readonly entities: EntityManager;
}

/**
 * The one way to the database. `tx` runs as the app role with the tenant set, so row-level security decides what it
 * sees; `system` runs as the system role, whose named policies cover the event log and the engine's tables only. An
 * outage of Postgres leaves either as ConclaveError `service.unavailable`; every other error leaves as it is.
 */
export class Database {
  private readonly listeners = new Set<() => void>();
  private readonly ring = (): void => this.listeners.forEach((listener) => listener());

  constructor(
    private readonly app: ConnectionSource,
    private readonly systemSource: ConnectionSource,
  ) {}

  /** Runs `work` in one transaction for a tenant. @throws ConclaveError `auth.unauthenticated` when the context has no tenant */
  tx<T>(ctx: Actor, work: (tx: Tx) => Promise<T>): Promise<T> {
    if (!ctx.tenantId) throw new ConclaveError('auth.unauthenticated');
    return this.run(this.app, ctx, work);
  }

  /** Runs `work` in one transaction of the system role, across tenants. */
  system<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.run(this.systemSource, undefined, work);
  }

  /** Calls `listener` after each commit that appended events. */
  onEmit(listener: () => void): void {
    this.listeners.add(listener);
  }

  async ready(): Promise<void> {
    await this.system((tx) => tx.query('select 1'));
  }

  async close(): Promise<void> {
    await Promise.all([this.app.close(), this.systemSource.close()]);
  }

  private run<T>(source: ConnectionSource, ctx: Actor | undefined, work: (tx: Tx) => Promise<T>): Promise<T> {
    const transaction = async (): Promise<T> => {
      const after = new Set<() => void>();
      const result = await inTransaction(source, ctx, (connection) => work(txOn(connection, ctx, after, this.ring)));
      for (const listener of after) listener();
      return result;
    };
    // The kit's own beats and sweeps belong to no request: a trace of each would bury the others.
    return activeTraceId() === undefined ? transaction() : inSpan(SPAN, transaction);
  }
}

async function inTransaction<T>(
  source: ConnectionSource,
  ctx: Actor | undefined,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await source.acquire().catch(refuse);
  let broken: Error | undefined;
  try {
    await connection.begin(ctx?.tenantId);
    const result = await work(connection);
    await connection.commit();
    return result;
  } catch (error) {
    await connection.rollback().catch((fault: Error) => (broken = fault));
    return refuse(error);
  } finally {
    connection.release(broken);
  }
}

function refuse(error: unknown): never {
  if (error instanceof ConclaveError || !isOutage(error)) throw error;
  throw new ConclaveError('service.unavailable', { service: 'postgres' }, { cause: error });
}

function txOn(connection: Connection, ctx: Actor | undefined, after: Set<() => void>, ring: () => void): Tx {
  const query = <Row extends object>(sql: string, params: readonly unknown[] = []): Promise<Row[]> =>
    connection.query<Row>(sql, params);
  return {
    query,
    one: async <Row extends object>(sql: string, params: readonly unknown[] = []) => (await query<Row>(sql, params))[0],
    async emit(event, data) {
      if (!ctx) throw new Error('events belong to a tenant');
      const id = newId('event');
      const body = JSON.stringify(event.data.parse(data));
      await query(
        'insert into outbound_event (id, tenant_id, lane, type, actor, data) values ($1, $2, $3, $4, $5, $6)',
        [id, ctx.tenantId, laneOf(ctx.tenantId), event.type, ctx.actor, body],
      );
      after.add(ring);
      return id;
    },
    afterCommit: (work) => void after.add(work),
    get entities() {
      if (!connection.entities) throw new Error('this service registered no entities');
      return connection.entities;
    },
  };
}
