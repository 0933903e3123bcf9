import type { EventContract } from '@conclave/contracts';
import type { Activation, AgentPort } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';

/** The event that tells the world how a run ended. */
export interface Ending {
  readonly event: EventContract;
  readonly data: Record<string, unknown>;
  /** What the run's row shows of it. */
  readonly outcome?: string;
  readonly decision?: string;
}

/** The agents a worker can activate, and how the end of their runs is told. */
export abstract class AgentHouse {
  abstract readonly agents: ReadonlyMap<string, AgentPort>;
  /** Called before the transaction that ends the run. */
  abstract endingOf(turn: ClaimedTurn, activation: Activation): Promise<Ending>;
  /** Whether runs of this agent keep something on disk. */
  abstract keeps(agent: string): boolean;
  /** Called when nothing of such a run is left to do: what was kept for it can go. */
  abstract settled(runId: string): Promise<void>;
}
