import { events, newId, type delivery } from '@conclave/contracts';
import { Consumes, ConsumesTogether, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import { Injectable } from '@nestjs/common';
import type { z } from 'zod';
import { ForgetSubject } from '../erasure/forget-subject.js';
import { takesDeliveries, webhooksFor } from '../webhooks/postgres-webhooks.js';
import { ENTRIES, insertDelivery } from './postgres-deliveries.js';
import { Sender } from './sender.js';

type WebhookEventType = (typeof delivery.webhookEventTypes)[number];

/** Turns an event into one delivery per webhook that wants it, in the transaction that moves the cursor. */
@Injectable()
export class EnqueueDeliveries {
  constructor(
    private readonly sender: Sender,
    private readonly forgotten: ForgetSubject,
  ) {}

  @ConsumesTogether(
    ...[events.decisionSealed, events.waveOpened, events.runCompleted, events.runFailed, events.budgetThreshold],
    ...[events.logContested, events.logDamaged, events.breakGlassOpened],
  )
  async onEvents(tx: Tx, told: readonly PlacedEvent[]): Promise<void> {
    for (const [type, some] of Map.groupBy(told, (event) => event.type as WebhookEventType)) {
      const webhooks = await webhooksFor(tx, some[0]!.tenantId, type);
      for (const event of webhooks.length > 0 ? some : []) await this.enqueue(tx, type, event, webhooks);
    }
  }

  private async enqueue(
    tx: Tx,
    type: WebhookEventType,
    event: PlacedEvent,
    webhooks: readonly string[],
  ): Promise<void> {
    const { tenantId, id: eventId } = event;
    const body = await this.forgotten.bodyOf(tx, event);
    const createdAt = new Date();
    for (const webhookId of webhooks)
      await insertDelivery(tx, { tenantId, id: newId('delivery'), webhookId, eventId, type, body, createdAt });
    tx.afterCommit(this.sender.wake);
  }

  /** Entries of the audit log, which audit reads for each webhook that wants them. */
  @Consumes(events.entriesStreamed)
  async onEntries(tx: Tx, { tenantId, id: eventId, at: timestamp, data }: PlacedEvent): Promise<void> {
    const { webhook: webhookId, ...entries } = data as z.output<typeof events.entriesStreamed.data>;
    if (!(await takesDeliveries(tx, tenantId, webhookId))) return;
    const type = ENTRIES;
    const body = JSON.stringify({ type, timestamp, data: entries });
    const createdAt = new Date();
    await insertDelivery(tx, { tenantId, id: newId('delivery'), webhookId, eventId, type, body, createdAt });
    tx.afterCommit(this.sender.wake);
  }
}
