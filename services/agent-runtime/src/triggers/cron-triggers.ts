import { Inject, Injectable } from '@nestjs/common';
import { KIT, type Kit } from '@conclave/nest-kit';
import { Database, isOutage, type Tx } from '@conclave/postgres-kit';
import { HELD } from '../engine/postgres-waits.js';
import { FireTrigger, runtimeActor } from './fire-trigger.js';
import { readTrigger } from './postgres-triggers.js';
import { scheduleOf } from './schedule.js';

/** Those to fire at once. */
const DUE_LIMIT = 100;

interface Due {
  readonly tenant_id: string;
  readonly id: string;
  readonly now: Date;
}

/** Fires schedules that are due. The database's clock decides: it is the one that all replicas share. */
@Injectable()
export class CronTriggers {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(FireTrigger) private readonly trigger: FireTrigger,
    @Inject(KIT) private readonly kit: Kit,
  ) {}

  /** `at` stands in for the clock. */
  async fireDue(at?: Date): Promise<void> {
    const due = await this.db.system((tx) =>
      tx.query<Due>(
        `select tenant_id, id, coalesce($1::timestamptz, now()) as now from trigger
         where next_at <= coalesce($1::timestamptz, now()) and not ${HELD('trigger')} order by next_at limit ${DUE_LIMIT}`,
        [at ?? null],
      ),
    );
    for (const one of due)
      await this.db
        .tx(runtimeActor(one.tenant_id), (tx) => this.fire(tx, one))
        .catch((error: unknown) => this.leave(one, error));
  }

  /** Of what was missed the latest fires, for all of them; then the schedule stands after now, whatever clocks did. */
  private async fire(tx: Tx, { tenant_id, id, now }: Due): Promise<void> {
    const { source, next_at } = await readTrigger(tx, runtimeActor(tenant_id), id, true);
    if (source.kind !== 'cron' || !next_at || next_at > now) return;
    const schedule = scheduleOf(source);
    const at = schedule.latest(next_at, now);
    await this.trigger.fireOrBury(tx, tenant_id, id, { kind: 'cron', key: `cron/${at.toISOString()}`, at });
    await tx.query('update trigger set next_at = $3 where tenant_id = $1 and id = $2', [
      ...[tenant_id, id, schedule.after(now) ?? null],
    ]);
  }

  /** The others are due all the same. */
  private leave({ id }: Due, error: unknown): void {
    if (isOutage(error)) throw error;
    this.kit.log.error({ err: error, trigger: id }, 'schedule not fired; it will be tried again');
  }
}
