import { Inject, Injectable } from '@nestjs/common';
import { Database, DeadLetters, isOutage, placedEvent, type EventRow, type Tx } from '@conclave/postgres-kit';
import { EventTriggers } from './event-triggers.js';
import { runtimeActor } from './fire-trigger.js';
import { RUN_ENDS } from './postgres-triggers.js';

/** Events of a lane that are taken up at once. */
const PAGE = 50;

interface Place {
  readonly lane: number;
  readonly epoch: number;
  readonly pos: string;
}

interface RunEventRow extends EventRow {
  readonly data: { readonly run: string };
}

/** What some trigger listens for, after the cursor and up to the head that was read before. */
const NEWS = `
  select e.id, e.tenant_id, e.lane, e.epoch, e.pos, e.type, e.actor, e.at, e.data
  from json_to_recordset($1::json) as h (lane smallint, epoch int, pos bigint)
  left join event_cursor c on c.producer = 'runtime' and c.lane = h.lane
  cross join lateral (
    select * from outbound_event e
    where e.pos is not null and e.lane = h.lane and (e.epoch, e.pos) > (coalesce(c.epoch, 1), coalesce(c.pos, 0))
      and (e.epoch, e.pos) <= (h.epoch, h.pos) and e.type = any($2)
      and exists (select from trigger t where t.tenant_id = e.tenant_id and t.topic = e.type and t.enabled and t.created_at <= e.at)
    order by e.epoch, e.pos limit ${PAGE}
  ) e`;

const MOVE = `
  insert into event_cursor as c (producer, lane, epoch, pos)
  select 'runtime', lane, epoch, pos from json_to_recordset($1::json) as h (lane smallint, epoch int, pos bigint)
  on conflict (producer, lane) do update set epoch = excluded.epoch, pos = excluded.pos
  where (c.epoch, c.pos) < (excluded.epoch, excluded.pos)`;

/** Where it happened, and how deep below a trigger: what started a run started those it started, too. */
const ORIGIN = `
  with recursive up as (
    select workspace_id, parent_run_id, input from run where tenant_id = $1 and id = $2
    union all
    select r.workspace_id, r.parent_run_id, r.input from up join run r on r.tenant_id = $1 and r.id = up.parent_run_id
  )
  select min(workspace_id) as workspace_id, max((input #>> '{trigger,depth}')::int) as depth, bool_or(input ? 'trigger') as fired
  from up having count(*) > 0`;

/**
 * Follows this service's own log for the ends of runs. The cursor moves after what was fired: what is read twice starts
 * nothing twice.
 */
@Injectable()
export class RunEventTriggers {
  /** Where the lanes stood when nothing was left. */
  private seen = '';

  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(EventTriggers) private readonly triggers: EventTriggers,
    @Inject(DeadLetters) private readonly letters: DeadLetters,
  ) {}

  async follow(): Promise<void> {
    const heads = await this.db.system((tx) =>
      tx.query<Place>('select lane, epoch, head as pos from event_lane order by lane'),
    );
    const now = JSON.stringify(heads);
    if (now === this.seen) return;
    const rows = await this.db.system((tx) => tx.query<RunEventRow>(NEWS, [now, RUN_ENDS]));
    for (const row of rows) await this.take(row);
    const byLane = Map.groupBy(rows, ({ lane }) => lane);
    const reached = heads.map((head): Place => {
      const page = byLane.get(head.lane) ?? [];
      const last = page.length === PAGE ? page.at(-1)! : head;
      return { lane: head.lane, epoch: last.epoch, pos: last.pos };
    });
    await this.db.system((tx) => tx.query(MOVE, [JSON.stringify(reached)]));
    if (rows.length < PAGE) this.seen = now;
  }

  private async take(row: RunEventRow): Promise<void> {
    try {
      await this.db.tx(runtimeActor(row.tenant_id), (tx) => this.fire(tx, row));
    } catch (error) {
      if (isOutage(error)) throw error;
      await this.db.tx(runtimeActor(row.tenant_id), (tx) => this.letters.bury(tx, 'runtime', placedEvent(row), error));
    }
  }

  /** Heard in the run's workspace only. */
  private async fire(tx: Tx, { id, tenant_id, type, at, data }: RunEventRow): Promise<void> {
    const run = await tx.one<{ workspace_id: string; depth: number | null; fired: boolean }>(ORIGIN, [
      ...[tenant_id, data.run],
    ]);
    if (!run) return;
    await this.triggers.happened(tx, {
      ...{ id, tenantId: tenant_id, workspaceId: run.workspace_id, topic: type, name: type, at },
      body: data,
      depth: run.fired ? (run.depth ?? 0) + 1 : 0,
    });
  }
}
