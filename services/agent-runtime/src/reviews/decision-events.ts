import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';
import { PostgresEngine } from '../engine/postgres-engine.js';
import { Worker } from '../engine/worker.js';

type Sealed = z.output<typeof events.decisionSealed.data>;
type RevealOpened = z.output<typeof events.revealOpened.data>;

/** What consensus says wakes what waits for it. */
@Injectable()
export class DecisionEvents {
  constructor(
    @Inject(PostgresEngine) private readonly engine: PostgresEngine,
    @Inject(Worker) private readonly worker: Worker,
  ) {}

  @Consumes(events.decisionSealed)
  async sealed(tx: Tx, event: PlacedEvent): Promise<void> {
    const { decision, phase, outcome } = event.data as Sealed;
    await this.engine.settle(tx, event.tenantId, 'decision-sealed', decision, { phase, outcome });
    tx.afterCommit(() => this.worker.wake());
  }

  @Consumes(events.revealOpened)
  async revealed(tx: Tx, event: PlacedEvent): Promise<void> {
    const { decision } = event.data as RevealOpened;
    await this.engine.settle(tx, event.tenantId, 'reveal-opened', decision, { opened: true });
    tx.afterCommit(() => this.worker.wake());
  }
}
