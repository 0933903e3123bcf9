import type { DatabaseConfig, ResourceFactory } from '@conclave/nest-kit';
import { BY_KEY, GroupCommit, lockAlongside, pgConnections, Role, type Statements } from '@conclave/postgres-kit';
import { ELECTORATES } from '../voter-keys/postgres-voter-keys.js';
import { openAll, writeAll, type Opened, type OpeningRecord, type TurnRecord } from './postgres-records.js';

/** Larger batches win nothing: Postgres works on one while Node fills the next. */
const BATCH = 64;
/** One for each lane. */
const CONNECTIONS = 2;

/** What writes decisions: the lanes, or a transaction that they are a part of. */
export interface DecisionWriter {
  open(opening: OpeningRecord): Promise<Opened>;
  /** Whether the turn was written: nobody else had changed the decision. */
  write(turn: TurnRecord): Promise<boolean>;
}

/** Writes as a part of that transaction. */
export const within = (tx: Statements): DecisionWriter => ({
  open: async (opening) => (await openAll(tx, [opening]))[0]!,
  write: async (turn) => (await writeAll(tx, [turn]))[0]!,
});

/**
 * Group commit: openings that come while others are being written go together in the next statement, of whatever tenants
 * they are, and so do turns. Rows are written in the order of their keys, so that replicas do not wait for each other in
 * a circle. The lanes work as the system role, which may write decisions and read none.
 */
export class DecisionLanes implements DecisionWriter {
  private readonly openings: GroupCommit<OpeningRecord, Opened>;
  private readonly turns: GroupCommit<TurnRecord, boolean>;

  constructor(role: Role) {
    this.openings = groupCommitOf((openings) => {
      const tenants = openings.map(({ tenantId }) => tenantId);
      return openAll(role.behind(lockAlongside(tenants, ELECTORATES)), openings);
    });
    this.turns = groupCommitOf((turns) => writeAll(role.autocommit(), turns));
  }

  open(opening: OpeningRecord): Promise<Opened> {
    return this.openings.submit(opening);
  }

  write(turn: TurnRecord): Promise<boolean> {
    return this.turns.submit(turn);
  }
}

type Keyed = { readonly tenantId: string; readonly id: string };

const keyOf = ({ tenantId, id }: Keyed): string => `${tenantId} ${id}`;

/** A lane whose batches are statements. In an outage all of a batch hear of it: somebody waits for each of them. */
const groupCommitOf = <T extends Keyed, R>(write: (items: readonly T[]) => Promise<readonly R[]>): GroupCommit<T, R> =>
  new GroupCommit<T, R>({
    async flush(items) {
      const order = [...items.keys()].sort((a, b) => (keyOf(items[a]!) < keyOf(items[b]!) ? -1 : 1));
      const results = await write(order.map((at) => items[at]!));
      const outcomes = new Array<{ ok: R }>(items.length);
      for (const [n, at] of order.entries()) outcomes[at] = { ok: results[n]! };
      return outcomes;
    },
    keyOf,
    limit: BATCH,
  });

/** Opens the lanes' connections, apart from those of requests. */
export function decisionLanes(): ResourceFactory<DatabaseConfig> {
  return async ({ log }, config) => {
    const role = new Role(
      pgConnections(
        {
          url: config.DATABASE_SYSTEM_URL,
          schema: 'consensus',
          size: CONNECTIONS,
          applicationName: 'conclave-consensus-lanes',
          settings: BY_KEY,
        },
        (err) => log.warn({ err }, 'idle connection lost'),
      ),
    );
    return {
      providers: [{ provide: DecisionLanes, useValue: new DecisionLanes(role) }],
      ready: async () => undefined,
      start: async () => undefined,
      stop: () => role.close(),
    };
  };
}
