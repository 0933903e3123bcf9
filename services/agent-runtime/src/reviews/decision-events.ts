import { Inject, Injectable } from '@nestjs/common';
import { events } from '@conclave/contracts';
import { Consumes, type PlacedEvent, type Tx } from '@conclave/postgres-kit';
import type { z } from 'zod';
import { Bells } from '../engine/bells.js';
import { answerOpen, settle } from '../engine/postgres-waits.js';
import type { SealedAnswer, WaveAnswer } from './review-result.js';

type Sealed = z.output<typeof events.decisionSealed.data>;
type Canceled = z.output<typeof events.decisionCanceled.data>;
type WaveOpened = z.output<typeof events.waveOpened.data>;
type RevealOpened = z.output<typeof events.revealOpened.data>;

/** What consensus says wakes what waits for it. */
@Injectable()
export class DecisionEvents {
  constructor(@Inject(Bells) private readonly bells: Bells) {}

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

  /**
   * The first wave is told to nobody: who opens a decision asks for it. Of the others nothing is to be remembered, as the
   * coordinator was parked before anybody it had seated could speak.
   */
  @Consumes(events.waveOpened)
  async waved(tx: Tx, event: PlacedEvent): Promise<void> {
    const { decision, wave, voters } = event.data as WaveOpened;
    if (wave === 1) return;
    const answer: WaveAnswer = { voters };
    await answerOpen(tx, { tenantId: event.tenantId, kind: 'decision-sealed', key: decision }, answer);
    tx.afterCommit(() => this.bells.ready());
  }

  @Consumes(events.revealOpened)
  async revealed(tx: Tx, event: PlacedEvent): Promise<void> {
    const { decision } = event.data as RevealOpened;
    await settle(tx, { tenantId: event.tenantId, kind: 'reveal-opened', key: decision }, { opened: true });
    tx.afterCommit(() => this.bells.ready());
  }

  /** Nobody waits any longer: neither the run for the outcome, nor a committed seat for its reveal. */
  private async ended(tx: Tx, tenantId: string, decision: string, answer: SealedAnswer): Promise<void> {
    await settle(tx, { tenantId, kind: 'decision-sealed', key: decision }, answer);
    await settle(tx, { tenantId, kind: 'reveal-opened', key: decision }, { ended: true });
    tx.afterCommit(() => this.bells.ready());
  }
}
