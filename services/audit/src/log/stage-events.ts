import { jcs, utf8, type Json } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { eventContracts } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { PostgresLog } from './postgres-log.js';
import { Sequencer } from './sequencer.js';

const audited = eventContracts.filter((event) => event.audited);

/**
 * Takes every audited event of every service into the stage: the producer's cursor moves in the same transaction, so
 * an event is staged exactly once, whatever is delivered twice or not at all.
 */
@Injectable()
export class StageEvents {
  constructor(
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(Sequencer) private readonly sequencer: Sequencer,
  ) {}

  @Consumes(...audited)
  async stage(tx: Tx, event: PlacedEvent): Promise<void> {
    await this.log.stage(tx, event, entryOf(event));
    tx.afterCommit(() => this.sequencer.kick());
  }
}

/** An entry's bytes: what the leaf hash covers. Canonical, so that anyone can rebuild them from the members. */
function entryOf({ id, type, actor, at, tenantId, data }: PlacedEvent): Uint8Array {
  return utf8(jcs({ v: 1, event: id, type, tenant: tenantId, actor, at, data: data as Json }));
}
