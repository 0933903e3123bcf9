import pg, { Pool, escapeLiteral, type PoolClient } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';

/** One connection, held for one transaction. */
export interface Connection {
  query<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Begins a transaction, for one tenant or, on the system role, for none; its statements may take `timeoutMs`. */
  begin(tenantId: string | undefined, timeoutMs?: number): Promise<void>;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  readonly entities?: EntityManager;
  /** Gives it back; a broken one is thrown away. */
  release(broken?: Error): void;
}

export interface ConnectionSource {
  acquire(): Promise<Connection>;
  close(): Promise<void>;
}

export interface PoolOptions {
  readonly url: string;
  /** Schema the unqualified names mean. */
  readonly schema: string;
  readonly size: number;
  readonly applicationName: string;
  /** Longest time a statement may take; 30 seconds unless told. */
  readonly statementTimeoutMs?: number;
}

const ACQUIRE_TIMEOUT_MS = 5_000;
/** Longest time a statement may take. */
export const STATEMENT_TIMEOUT_MS = 30_000;
/** A server that answers neither with rows nor with its own timeout is gone, though nobody closed the connection. */
const SILENCE_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;

/** What both kinds of connections are opened with besides their address. */
const settingsOf = ({ schema, statementTimeoutMs = STATEMENT_TIMEOUT_MS }: PoolOptions) => ({
  options: `-c search_path=${schema} -c statement_timeout=${statementTimeoutMs} -c idle_in_transaction_session_timeout=30000 -c jit=off`,
  query_timeout: statementTimeoutMs + SILENCE_MS,
  keepAlive: true,
  keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
});

/** Plain connections of the pg driver. */
export function pgConnections(options: PoolOptions, onError: (error: Error) => void): ConnectionSource {
  const pool = new Pool({
    connectionString: options.url,
    max: options.size,
    connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
    application_name: options.applicationName,
    ...settingsOf(options),
  });
  // A connection can be lost while a transaction holds it, when the pool does not listen; idle, both report it.
  pool.on('connect', (client) => void client.on('error', onError)).on('error', () => undefined);
  return { acquire: async () => connectionOn(await pool.connect()), close: () => pool.end() };
}

/** Connections whose transactions also carry a TypeORM entity manager, for services that keep plain records. */
export async function entityConnections(
  options: PoolOptions,
  entities: readonly (new () => object)[],
): Promise<ConnectionSource> {
  const source = new DataSource({
    type: 'postgres',
    driver: pg, // left to itself, TypeORM looks for it at run time, which finds nothing in a bundle
    url: options.url,
    schema: options.schema,
    entities: [...entities],
    synchronize: false,
    applicationName: options.applicationName,
    poolSize: options.size,
    connectTimeoutMS: ACQUIRE_TIMEOUT_MS,
    extra: settingsOf(options),
  });
  await source.initialize();
  return {
    async acquire() {
      const runner = source.createQueryRunner();
      const client = (await runner.connect()) as PoolClient;
      return {
        ...connectionOn(client),
        // TypeORM has to know, so that transactions within are savepoints; the runner ends with its transaction.
        async begin(tenantId, timeoutMs) {
          await runner.startTransaction();
          await client.query(setLocal(tenantId, timeoutMs));
        },
        entities: runner.manager,
        // TypeORM gives a connection back as it is, unless the connection itself says that it is broken.
        release: (broken) => void (broken ? client.emit('error', broken) : runner.release()),
      };
    },
    close: () => source.destroy(),
  };
}

/** In force until the transaction ends, so a connection carries no tenant and no haste from one to the next. */
function setLocal(tenantId: string | undefined, timeoutMs: number | undefined): string {
  const tenant = tenantId === undefined ? [] : [`set_config('app.tenant', ${escapeLiteral(tenantId)}, true)`];
  const timeout = timeoutMs === undefined ? [] : [`set_config('statement_timeout', '${Math.ceil(timeoutMs)}', true)`];
  const settings = [...tenant, ...timeout];
  return settings.length === 0 ? '' : `select ${settings.join(', ')}`;
}

function connectionOn(client: PoolClient): Connection {
  return {
    query: async <Row extends object>(sql: string, params: readonly unknown[] = []) =>
      (await client.query<Row & Record<string, unknown>>(sql, [...params])).rows,
    begin: async (tenantId, timeoutMs) => void (await client.query(`begin;${setLocal(tenantId, timeoutMs)}`)),
    async commit() {
      const { command } = await client.query('commit');
      // Postgres answers the commit of an aborted transaction with a rollback, and no error.
      if (command !== 'COMMIT') throw new Error('a statement of this transaction failed and its error was swallowed');
    },
    rollback: async () => void (await client.query('rollback')),
    release: (broken) => client.release(broken),
  };
}
