import pg, { Pool, escapeLiteral, type PoolClient } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';

/** One connection, held for one transaction. */
export interface Connection {
  query<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Begins a transaction, for one tenant or, on the system role, for none. */
  begin(tenantId: string | undefined): Promise<void>;
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
}

const ACQUIRE_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;

const settingsOf = (schema: string): string =>
  `-c search_path=${schema} -c statement_timeout=${STATEMENT_TIMEOUT_MS} -c idle_in_transaction_session_timeout=30000 -c jit=off`;

/** Plain connections of the pg driver. */
export function pgConnections(
  { url, schema, size, applicationName }: PoolOptions,
  onError: (error: Error) => void,
): ConnectionSource {
  const pool = new Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: ACQUIRE_TIMEOUT_MS,
    application_name: applicationName,
    options: settingsOf(schema),
  });
  // A connection can be lost while a transaction holds it, when the pool does not listen; idle, both report it.
  pool.on('connect', (client) => void client.on('error', onError)).on('error', () => undefined);
  return { acquire: async () => connectionOn(await pool.connect()), close: () => pool.end() };
}

/** Connections whose transactions also carry a TypeORM entity manager, for services that keep plain records. */
export async function entityConnections(
  { url, schema, size, applicationName }: PoolOptions,
  entities: readonly (new () => object)[],
): Promise<ConnectionSource> {
  const source = new DataSource({
    type: 'postgres',
    driver: pg, // left to itself, TypeORM looks for it at run time, which finds nothing in a bundle
    url,
    schema,
    entities: [...entities],
    synchronize: false,
    applicationName,
    poolSize: size,
    connectTimeoutMS: ACQUIRE_TIMEOUT_MS,
    extra: { options: settingsOf(schema) },
  });
  await source.initialize();
  return {
    async acquire() {
      const runner = source.createQueryRunner();
      const client = (await runner.connect()) as PoolClient;
      return {
        ...connectionOn(client),
        // TypeORM has to know, so that transactions within are savepoints; the runner ends with its transaction.
        async begin(tenantId) {
          await runner.startTransaction();
          await client.query(setTenant(tenantId));
        },
        entities: runner.manager,
        release: () => void runner.release(),
      };
    },
    close: () => source.destroy(),
  };
}

/** In force until the transaction ends, so a connection carries no tenant from one to the next. */
const setTenant = (tenantId: string | undefined): string =>
  tenantId === undefined ? '' : `select set_config('app.tenant', ${escapeLiteral(tenantId)}, true)`;

function connectionOn(client: PoolClient): Connection {
  return {
    query: async <Row extends object>(sql: string, params: readonly unknown[] = []) =>
      (await client.query<Row & Record<string, unknown>>(sql, [...params])).rows,
    begin: async (tenantId) => void (await client.query(`begin;${setTenant(tenantId)}`)),
    async commit() {
      const { command } = await client.query('commit');
      // Postgres answers the commit of an aborted transaction with a rollback, and no error.
      if (command !== 'COMMIT') throw new Error('a statement of this transaction failed and its error was swallowed');
    },
    rollback: async () => void (await client.query('rollback')),
    release: (broken) => client.release(broken),
  };
}
