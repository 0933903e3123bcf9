import type { EventContract } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';
import type { Activation, AgentPort } from './agent-port.js';
import type { ClaimedTurn } from './claimed-turn.js';

/** The event that tells the world how a run ended. */
export interface Ending {
  readonly event: EventContract;
  readonly data: Record<string, unknown>;
}

/** The agents a worker can activate, and how the end of their runs is told. */
export abstract class AgentHouse {
  abstract readonly agents: ReadonlyMap<string, AgentPort>;
  /** Called in the transaction that ends the run. */
  abstract endingOf(tx: Tx, turn: ClaimedTurn, activation: Activation): Promise<Ending>;
  /** Called when nothing of a run is left to do: what was kept on disk for it can go. */
  abstract settled(runId: string): Promise<void>;
}
