import { events, type ReviewResult } from '@conclave/contracts';
import type { Database } from '@conclave/postgres-kit';
import type { Ending } from '../engine/agent-house.js';
import type { Activation } from '../engine/agent-port.js';
import type { ClaimedTurn } from '../engine/claimed-turn.js';
import { usageOf } from '../runs/postgres-usage.js';

/** How the end of a review is told to the world. */
export class ReviewEndings {
  constructor(private readonly db: Database) {}

  async endingOf(turn: ClaimedTurn, activation: Activation): Promise<Ending> {
    if (activation.kind !== 'done') {
      const { code, message } =
        activation.kind === 'failed'
          ? activation
          : { code: 'review.failed', message: 'the review was parked at its end' };
      const reader = this.db.autocommit({ tenantId: turn.tenantId, actor: turn.actor });
      const usage = await usageOf(reader, turn.tenantId, turn.runId);
      return { event: events.runFailed, data: { run: turn.runId, code, message, usage } };
    }
    const { outcome, decision, usage } = activation.result as unknown as ReviewResult;
    const durationMs = Math.max(0, Date.now() - turn.createdAt.getTime());
    return {
      event: events.runCompleted,
      data: { run: turn.runId, decision, outcome, durationMs, usage },
      outcome,
      decision,
    };
  }
}
