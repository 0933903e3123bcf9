import type { Duplex } from 'node:stream';
import pg, { Pool, escapeLiteral, type PoolClient, type Submittable } from 'pg';
import { DataSource, type EntityManager, type QueryRunner } from 'typeorm';
import { ScopedQuery, preparedName, type Scope } from './scoped-query.js';

/** On what terms a transaction runs. */
export interface Terms {
  /** Whose rows it sees; on the system role, nobody's. */
  readonly tenantId: string | undefined;
  /** Longest time a statement of it may take; that of the connection unless told. */
  readonly timeoutMs: number | undefined;
  /** Postgres refuses it to write. */
  readonly readOnly?: boolean;
}

/** A statement's text and its parameters. */
export type Statement = readonly [sql: string, params?: readonly unknown[]];

/** One connection, held for one transaction. */
export interface Connection {
  query<Row extends object = Record<string, unknown>>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
  /** Begins a transaction. It travels ahead of the first statement, whose error says what is wrong with it. */
  begin(terms: Terms): void;
  commit(): Promise<void>;
  rollback(): Promise<void>;
  /** Begins, runs the statements in their order and commits, all in one piece. Returns the rows of the last. */
  together<Row extends object>(terms: Terms, statements: readonly Statement[]): Promise<Row[]>;
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
  /** More settings of its sessions, such as `synchronous_commit`. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Settings of sessions whose statements look up every row by its key, many of them at once. Their plans are made once,
 * for no batch in particular: a plan for the small table of a quiet hour would read it whole for ever after, and one for
 * the values of the moment would cost more than the batch.
 */
export const BY_KEY = {
  plan_cache_mode: 'force_generic_plan',
  enable_seqscan: 'off',
  enable_hashjoin: 'off',
  enable_mergejoin: 'off',
  enable_material: 'off',
};

const ACQUIRE_TIMEOUT_MS = 5_000;
/** Longest time a statement may take. */
export const STATEMENT_TIMEOUT_MS = 30_000;
/** A server that answers neither with rows nor with its own timeout is gone, though nobody closed the connection. */
const SILENCE_MS = 5_000;
const KEEP_ALIVE_MS = 10_000;

/** What both kinds of connections are opened with besides their address. */
const settingsOf = ({ schema, statementTimeoutMs = STATEMENT_TIMEOUT_MS, settings }: PoolOptions) => ({
  options: Object.entries({
    search_path: schema,
    statement_timeout: String(statementTimeoutMs),
    idle_in_transaction_session_timeout: '30000',
    jit: 'off',
    ...settings,
  })
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' '),
  query_timeout: statementTimeoutMs + SILENCE_MS,
  pipeline: true, // statements need not wait for the answer to the one before
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
  const { master: pool } = source.driver as unknown as { readonly master: Pool };
  const heard = new WeakSet<PoolClient>();
  return {
    async acquire() {
      const client = await pool.connect();
      // It can be lost while a transaction holds it, when the pool does not listen.
      if (!heard.has(client)) client.on('error', () => undefined);
      heard.add(client);
      let runner: QueryRunner | undefined;
      return {
        ...connectionOn(client),
        /** Made when it is asked for: most transactions do without, and it costs more than a statement. */
        get entities() {
          runner ??= runnerOn(source, client);
          return runner.manager;
        },
        release(broken) {
          void runner?.release();
          client.release(broken);
        },
      };
    },
    close: () => source.destroy(),
  };
}

/** TypeORM has to know of the transaction, so that those within are savepoints; told to begin it, it would wait. */
const runnerOn = (source: DataSource, client: PoolClient): QueryRunner =>
  Object.assign(source.createQueryRunner(), {
    databaseConnection: client,
    isTransactionActive: true,
    transactionDepth: 1,
  });

/** Settings that end with their transaction, so a connection carries no tenant and no haste to the next. */
function beginning({ tenantId, timeoutMs, readOnly }: Terms): string {
  const tenant = tenantId === undefined ? '' : `; set local app.tenant = ${escapeLiteral(tenantId)}`;
  const timeout = timeoutMs === undefined ? '' : `; set local statement_timeout = ${Math.ceil(timeoutMs)}`;
  return `begin${readOnly ? ' read only' : ''}${tenant}${timeout}`;
}

/** The socket of a client, which the driver keeps to itself. */
const socketOf = (client: PoolClient): Duplex =>
  (client as PoolClient & { connection: { stream: Duplex } }).connection.stream;

/** What is sent until the event loop turns leaves in one piece: each write by itself would wake the server once more. */
function inOnePiece(socket: Duplex): void {
  if (socket.writableCorked > 0) return;
  socket.cork();
  process.nextTick(() => socket.uncork());
}

function connectionOn(client: PoolClient): Connection {
  const socket = socketOf(client);
  let begun: Promise<unknown> = Promise.resolve();
  const begin = (terms: Terms): void => {
    inOnePiece(socket);
    begun = client.query(beginning(terms));
    begun.catch(() => undefined);
  };
  const send = async <Row extends object>(text: string, values: readonly unknown[] = []) => {
    const name = values.length === 0 ? undefined : preparedName(text);
    inOnePiece(socket);
    const sent = client.query<Row & Record<string, unknown>>({ text, values: [...values], ...(name && { name }) });
    // Whatever kept the transaction from beginning is why this statement failed.
    return (await Promise.all([begun, sent]))[1];
  };
  const query = async <Row extends object>(sql: string, params?: readonly unknown[]) =>
    (await send<Row>(sql, params)).rows;
  const commit = async () => {
    const { command } = await send('commit');
    // Postgres answers the commit of an aborted transaction with a rollback, and no error.
    if (command !== 'COMMIT') throw new Error('a statement of this transaction failed and its error was swallowed');
  };
  const scoped = <Row extends object>(scope: Scope, [sql, params = []]: Statement): Promise<Row[]> => {
    inOnePiece(socket);
    return new Promise((resolve, reject) => {
      const query = new ScopedQuery(scope, [sql, params], (error, result) =>
        error ? reject(error) : resolve(result.rows),
      );
      client.query(query as unknown as Submittable);
    });
  };
  return {
    query,
    begin,
    commit,
    rollback: async () => void (await client.query('rollback')),
    async together<Row extends object>(terms: Terms, statements: readonly Statement[]) {
      const [only, ...more] = statements;
      // What sets nothing for its transaction is one as it is.
      if (only && more.length === 0 && terms.tenantId === undefined && terms.timeoutMs === undefined)
        return query<Row>(...only);
      const { tenantId } = terms;
      if (only?.[1]?.length && more.length === 0 && tenantId !== undefined)
        return scoped<Row>({ ...terms, tenantId }, only);
      begin(terms);
      const results = await Promise.allSettled([...statements.map((statement) => query<Row>(...statement)), commit()]);
      const failed = results.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
      const last = results.at(-2) as PromiseFulfilledResult<Row[]> | undefined;
      return last?.value ?? [];
    },
    release: (broken) => client.release(broken),
  };
}
