import { events, type EventContract } from '@conclave/contracts';
import type { Database } from '@conclave/postgres-kit';
import { AgentHouse, type Ending } from '../engine/agent-house.js';
import type { Activation, AgentPort } from '../engine/agent-port.js';
import type { ClaimedTurn } from '../engine/claimed-turn.js';
import { usageOf } from '../runs/postgres-usage.js';

const NOTHING = { inputTokens: 0, outputTokens: 0, costMicros: 0 } as const;
const REVIEW = 'review/';

/** Every agent a task can name, and how the end of its run is told. */
export class Agents extends AgentHouse {
  readonly agents: ReadonlyMap<string, AgentPort>;

  constructor(
    agents: readonly AgentPort[],
    private readonly reviews: Pick<AgentHouse, 'endingOf'> & { close(runId: string): Promise<void> },
    private readonly db: Database,
  ) {
    super();
    this.agents = new Map(agents.map((agent) => [agent.name, agent]));
  }

  keeps(agent: string): boolean {
    return agent.startsWith(REVIEW);
  }

  settled(runId: string): Promise<void> {
    return this.reviews.close(runId);
  }

  endingOf(turn: ClaimedTurn, activation: Activation): Promise<Ending> {
    return this.keeps(turn.agent) ? this.reviews.endingOf(turn, activation) : this.endingOfTasks(turn, activation);
  }

  private async endingOfTasks(turn: ClaimedTurn, activation: Activation): Promise<Ending> {
    const { tenantId, runId: run, agent, createdAt } = turn;
    const reader = this.db.autocommit({ tenantId, actor: turn.actor });
    const usage = this.agents.get(agent)?.spends ? await usageOf(reader, tenantId, run) : NOTHING;
    if (activation.kind === 'failed') {
      const { code, message } = activation;
      return told(events.runFailed, { run, code, message, usage });
    }
    const durationMs = Math.max(0, Date.now() - createdAt.getTime());
    return told(events.runCompleted, { run, outcome: 'completed', durationMs, usage });
  }
}

const told = (event: EventContract, data: Record<string, unknown>): Ending => ({ event, data });
