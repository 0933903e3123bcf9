import type { EventProducer } from '@conclave/contracts';
import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';
import type { Tx } from './database.js';
import type { PlacedEvent } from './relay.js';

const REASON_LIMIT = 2_000;

/** Events that could not be applied, with the reason: what goes on without one loses nothing silently. */
export class DeadLetters {
  private readonly buried: Counter;

  constructor(
    private readonly log: Logger,
    metrics: Registry,
  ) {
    this.buried = new Counter({
      name: 'conclave_dead_letters_total',
      help: 'Events that could not be applied.',
      labelNames: ['producer'],
      registers: [metrics],
    });
  }

  async bury(tx: Tx, producer: EventProducer, event: PlacedEvent, error: unknown): Promise<void> {
    const { id, tenantId, type } = event;
    const { lane, epoch, pos } = event.position;
    this.log.error({ err: error, event: id, type, producer }, 'event buried in dead letters');
    tx.afterCommit(() => this.buried.inc({ producer }));
    const reason = (error instanceof Error ? error.message : String(error)).replaceAll('\0', '').slice(0, REASON_LIMIT);
    await tx.query(
      `insert into dead_letter (id, tenant_id, producer, lane, epoch, pos, type, event, reason)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing`,
      [id, tenantId, producer, lane, epoch, pos, type, JSON.stringify(event), reason],
    );
  }
}
