import type { JsonObject } from '@conclave/audit-core';
import { Inject, Injectable } from '@nestjs/common';
import { eventContracts, events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';
import { StageEntry } from '../records/stage-entry.js';
import { PostgresLog } from './postgres-log.js';

const audited = eventContracts.filter((event) => event.audited);
const PERSONAL = new Map(audited.map(({ type, personal }) => [type, personal]));

/**
 * Takes every audited event of every service into the stage: the producer's cursor moves in the same transaction, so
 * an event is staged exactly once, whatever is delivered twice or not at all.
 */
@Injectable()
export class StageEvents {
  constructor(
    @Inject(PostgresLog) private readonly log: PostgresLog,
    @Inject(StageEntry) private readonly entries: StageEntry,
  ) {}

  /** @throws Error for a second sealing of one decision: the dead letters keep it, and it never gets a proof */
  @Consumes(...audited)
  async stage(tx: Tx, event: PlacedEvent): Promise<void> {
    if (event.type === events.decisionSealed.type) {
      const { decision } = event.data as z.output<typeof events.decisionSealed.data>;
      if (!(await this.log.claimSeal(tx, event.tenantId, decision, event.id)))
        throw new Error(`decision ${decision} was sealed before, by another event`);
    }
    await this.entries.run(tx, { ...event, data: event.data as JsonObject, personal: PERSONAL.get(event.type) });
  }
}
