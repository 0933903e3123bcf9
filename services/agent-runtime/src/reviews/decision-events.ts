import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';
import { PostgresEngine } from '../engine/postgres-engine.js';
import { Worker } from '../engine/worker.js';
import type { SealedAnswer } from './review-result.js';

type Sealed = z.output<typeof events.decisionSealed.data>;
type Canceled = z.output<typeof events.decisionCanceled.data>;
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
    await this.ended(tx, event.tenantId, decision, { phase, outcome });
  }

  @Consumes(events.decisionCanceled)
  async canceled(tx: Tx, event: PlacedEvent): Promise<void> {
    const { decision } = event.data as Canceled;
    await this.ended(tx, event.tenantId, decision, { canceled: true });
  }

  @Consumes(events.revealOpened)
  async revealed(tx: Tx, event: PlacedEvent): Promise<void> {
    const { decision } = event.data as RevealOpened;
    await this.engine.settle(tx, event.tenantId, 'reveal-opened', decision, { opened: true });
    tx.afterCommit(() => this.worker.wake());
  }

  /** Nobody waits any longer: neither the run for the outcome, nor a committed seat for its reveal. */
  private async ended(tx: Tx, tenantId: string, decision: string, answer: SealedAnswer): Promise<void> {
    await this.engine.settle(tx, tenantId, 'decision-sealed', decision, answer);
    await this.engine.settle(tx, tenantId, 'reveal-opened', decision, { ended: true });
    tx.afterCommit(() => this.worker.wake());
  }
}
