import { Inject, Injectable } from '@nestjs/common';
import { Database } from '@conclave/postgres-kit';
import { PostgresLog } from '../log/postgres-log.js';
import { PostgresWitnessing, type WitnessedLog } from '../witness/postgres-witnessing.js';
import { waitAfter } from '../witness/waiting.js';
import { WitnessEvents } from '../witness/witness-events.js';
import { keepTimestamp, type CheckpointTimestamp } from './postgres-timestamps.js';
import { TimestampAuthority } from './timestamp-authority.js';

/**
 * Has the heads of logs stamped, each log now and then. An authority takes turns with a log as a witness does, but
 * remembers nothing: a stamp shows that a head was there by a time that is not the operator's to say.
 */
@Injectable()
export class StampCheckpoint {
  constructor(
    @Inject(Database) private readonly db: Database,
    @Inject(PostgresWitnessing) private readonly standings: PostgresWitnessing,
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(TimestampAuthority) private readonly authority: TimestampAuthority,
    @Inject(WitnessEvents) private readonly events: WitnessEvents,
  ) {}

  /** Logs that have grown since their last stamp and whose turn it is, but for tenants that are busy. */
  due(url: string, limit: number, busy: readonly string[]): Promise<WitnessedLog[]> {
    return this.standings.due(url, limit, busy);
  }

  /** One turn of one log, unless another replica has it. */
  async run(log: WitnessedLog, url: string): Promise<void> {
    const actor = { tenantId: log.tenantId, actor: 'service:audit' };
    const standing = await this.db.tx(actor, (tx) => this.standings.claim(tx, log, url));
    if (!standing) return;
    const { size, failures } = standing;
    const outcome = await this.stamped(log, url).catch((error: unknown) => ({ error }));
    const failed = 'error' in outcome;
    await this.db.tx(actor, async (tx) => {
      if (!failed) await keepTimestamp(tx, log.tenantId, outcome);
      await this.standings.settle(tx, log, url, {
        ...(failed ? { size, failures: failures + 1 } : { size: outcome.size, failures: 0 }),
        objection: null,
        waitMs: failed ? waitAfter(failures + 1) : this.authority.everyMs,
      });
    });
    this.events.stamped(log, url, failed ? outcome.error : undefined);
  }

  private async stamped({ tenantId, origin }: WitnessedLog, url: string): Promise<CheckpointTimestamp> {
    const db = this.db.autocommit({ tenantId, actor: 'service:audit' });
    const found = await this.log.published(db, tenantId, undefined);
    if (!found?.checkpoint || found.log.origin !== origin) throw new Error('the log was given up meanwhile');
    const { size, note } = found.checkpoint;
    return { origin, size, authority: url, checkpoint: note, ...(await this.authority.stamp(url, note)) };
  }
}
