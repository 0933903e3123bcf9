import { jcs, utf8, type Json } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { eventContracts, events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';
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

  /** @throws Error for a second sealing of one decision: the dead letters keep it, and it never gets a proof */
  @Consumes(...audited)
  async stage(tx: Tx, event: PlacedEvent): Promise<void> {
    if (event.type === events.decisionSealed.type) {
      const { decision } = event.data as z.output<typeof events.decisionSealed.data>;
      if (!(await this.log.claimSeal(tx, event.tenantId, decision, event.id)))
        throw new Error(`decision ${decision} was sealed before, by another event`);
    }
    await this.log.stage(tx, event, entryOf(event));
    tx.afterCommit(() => this.sequencer.kick());
  }
}

/** An entry's bytes: what the leaf hash covers. Canonical, so that anyone can rebuild them from the members. */
function entryOf({ id, type, actor, at, tenantId, data }: PlacedEvent): Uint8Array {
  return utf8(jcs({ v: 1, event: id, type, tenant: tenantId, actor, at, data: data as Json }));
}
