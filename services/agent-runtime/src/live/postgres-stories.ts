import { Inject, Injectable } from '@nestjs/common';
import { ConclaveError } from '@conclave/contracts';
import { Database, type Actor, type Statements } from '@conclave/postgres-kit';
import { isTerminal, runTransitions, type DeadAttempt, type RunState } from '@conclave/run-core';
import type { StoredEvent } from './line.js';

/** Where a run's story ends for now, and whether for good. */
export interface StoryHead {
  readonly head: number;
  readonly ended: boolean;
}

interface HeadRow {
  readonly id: string;
  readonly head: number;
  readonly state: RunState;
}

/** What is read at once; the event that reaches the size is the last. */
const PAGE = 200;
const PAGE_BYTES = 262_144;

/** Some events of a story, and whether there may be more. */
export interface StoryPage {
  readonly events: readonly StoredEvent[];
  readonly more: boolean;
}

const EVENTS_AFTER = `
  select seq, type, at, data, found from (
    select *, count(*) over ()::int as found, sum(octet_length(data)) over (order by seq) - octet_length(data) as before
    from (
      select seq, type, at, data::text as data from run_event where tenant_id = $1 and run_id = $2 and seq > $3
      order by seq limit ${PAGE}
    ) e
  ) e where before < ${PAGE_BYTES} order by seq`;

const headOf = ({ head, state }: HeadRow): StoryHead => ({ head, ended: isTerminal(runTransitions, state) });

@Injectable()
export class PostgresStories {
  constructor(@Inject(Database) private readonly db: Database) {}

  /** @throws ConclaveError `runtime.run.not-found` */
  async head(ctx: Actor, id: string): Promise<StoryHead> {
    const row = await this.db
      .autocommit(ctx)
      .one<HeadRow>('select id, next_seq - 1 as head, state from run where tenant_id = $1 and id = $2', [
        ctx.tenantId,
        id,
      ]);
    if (!row) throw new ConclaveError('runtime.run.not-found', { id });
    return headOf(row);
  }

  /** The heads of many runs, of whatever tenants; a run that is not there any more has none. */
  async heads(runs: readonly { readonly tenantId: string; readonly id: string }[]): Promise<Map<string, StoryHead>> {
    const rows = await this.db.system((tx: Statements) =>
      tx.query<HeadRow>(
        `select r.id, r.next_seq - 1 as head, r.state from unnest($1::text[], $2::text[]) as x (tenant_id, id)
         join run r on r.tenant_id = x.tenant_id and r.id = x.id`,
        [runs.map(({ tenantId }) => tenantId), runs.map(({ id }) => id)],
      ),
    );
    return new Map(rows.map((row) => [row.id, headOf(row)]));
  }

  async page(ctx: Actor, id: string, after: number): Promise<StoryPage> {
    const rows = await this.db
      .autocommit(ctx)
      .query<Omit<StoredEvent, 'run'> & { found: number }>(EVENTS_AFTER, [ctx.tenantId, id, after]);
    const found = rows[0]?.found ?? 0;
    return { events: rows.map((row) => ({ ...row, run: id })), more: found === PAGE || rows.length < found };
  }

  /** The attempts whose text is void. */
  async resets(ctx: Actor, id: string): Promise<DeadAttempt[]> {
    const rows = await this.db
      .autocommit(ctx)
      .query<{ data: DeadAttempt }>(
        `select data from run_event where tenant_id = $1 and run_id = $2 and type = 'turn.reset' order by seq`,
        [ctx.tenantId, id],
      );
    return rows.map(({ data }) => data);
  }
}
