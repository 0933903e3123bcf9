import { events, type ReviewResult } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import { AgentHouse, type Ending } from '../engine/agent-house.js';
import type { Activation, AgentPort } from '../engine/agent-port.js';
import type { ClaimedTurn } from '../engine/claimed-turn.js';
import { usageOf } from '../runs/postgres-usage.js';
import type { Changes } from './changes.js';

/** The agents of reviews, and how a review's end is told to the world. */
export class ReviewAgents extends AgentHouse {
  readonly agents: ReadonlyMap<string, AgentPort>;

  constructor(
    agents: readonly AgentPort[],
    private readonly changes: Changes,
  ) {
    super();
    this.agents = new Map(agents.map((agent) => [agent.name, agent]));
  }

  settled(runId: string): Promise<void> {
    return this.changes.close(runId);
  }

  async endingOf(tx: Tx, turn: ClaimedTurn, activation: Activation): Promise<Ending> {
    if (activation.kind !== 'done') {
      const { code, message } =
        activation.kind === 'failed'
          ? activation
          : { code: 'review.failed', message: 'the review was parked at its end' };
      const usage = await usageOf(tx, turn.tenantId, turn.runId);
      return { event: events.runFailed, data: { run: turn.runId, code, message, usage } };
    }
    const { outcome, decision, usage } = activation.result as unknown as ReviewResult;
    const row = (await tx.one<{ duration_ms: number }>(
      `update run set outcome = $3, decision_id = $4 where tenant_id = $1 and id = $2
       returning (extract(epoch from clock_timestamp() - created_at) * 1000)::int as duration_ms`,
      [turn.tenantId, turn.runId, outcome, decision],
    ))!;
    return {
      event: events.runCompleted,
      data: { run: turn.runId, decision, outcome, durationMs: row.duration_ms, usage },
    };
  }
}
