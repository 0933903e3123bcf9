import type { JsonObject } from '@conclave/audit-core';
import { eventContracts, events } from '@conclave/contracts';
import { Consumes, ConsumesTogether, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Inject, Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { PostgresStage } from './postgres-stage.js';
import { StageEntry } from './stage-entry.js';

const audited = eventContracts.filter((event) => event.audited);
const others = audited.filter(({ type }) => type !== events.decisionSealed.type);
const PERSONAL = new Map(audited.map(({ type, personal }) => [type, personal]));

/**
 * Takes every audited event of every service into the stage: the producer's cursor moves in the same transaction, so
 * an event is staged exactly once, whatever is delivered twice or not at all.
 */
@Injectable()
export class StageEvents {
  constructor(
    @Inject(PostgresStage) private readonly staged: PostgresStage,
    @Inject(StageEntry) private readonly entries: StageEntry,
  ) {}

  /**
   * @throws Error for what the dead letters keep, and never gets a proof: a second sealing of one decision, an event that
   * is too long for an entry or has no canonical form
   */
  @Consumes(events.decisionSealed)
  async stageSeal(tx: Tx, event: PlacedEvent): Promise<void> {
    const { decision } = event.data as z.output<typeof events.decisionSealed.data>;
    if (!(await this.staged.claimSeal(tx, event.tenantId, decision, event.id)))
      throw new Error(`decision ${decision} was sealed before, by another event`);
    await this.stage(tx, event);
  }

  @ConsumesTogether(...others.filter(({ personal }) => !personal))
  async stagePlain(tx: Tx, told: readonly PlacedEvent[]): Promise<void> {
    await this.entries.plain(tx, told);
  }

  /** @throws Error for an event that is too long for an entry or has no canonical form */
  @Consumes(...others.filter(({ personal }) => personal))
  async stage(tx: Tx, event: PlacedEvent): Promise<void> {
    await this.entries.run(tx, { ...event, data: event.data as JsonObject, personal: PERSONAL.get(event.type) });
  }
}
