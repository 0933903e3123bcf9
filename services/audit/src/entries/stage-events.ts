import { eventContracts, events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { AWAITED } from '../log/awaited.js';
import { Sequencer } from '../log/sequencer.js';
import { entryBytes } from './entry-bytes.js';
import { PostgresStage } from './postgres-stage.js';

const audited = eventContracts.filter((event) => event.audited);

/**
 * Takes every audited event of every service into the stage: the producer's cursor moves in the same transaction, so
 * an event is staged exactly once, whatever is delivered twice or not at all.
 */
@Injectable()
export class StageEvents {
  constructor(
    @Inject(PostgresStage) private readonly entries: PostgresStage,
    @Inject(Sequencer) private readonly sequencer: Sequencer,
  ) {}

  /**
   * @throws Error for what the dead letters keep, and never gets a proof: a second sealing of one decision, an event that
   * is too long for an entry or has no canonical form
   */
  @Consumes(...audited)
  async stage(tx: Tx, event: PlacedEvent): Promise<void> {
    if (event.type === events.decisionSealed.type) {
      const { decision } = event.data as z.output<typeof events.decisionSealed.data>;
      if (!(await this.entries.claimSeal(tx, event.tenantId, decision, event.id)))
        throw new Error(`decision ${decision} was sealed before, by another event`);
    }
    await this.entries.stage(tx, event, entryBytes(event));
    tx.afterCommit(() => this.sequencer.kick({ urgent: AWAITED.includes(event.type) }));
  }
}
