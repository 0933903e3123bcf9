import type { Decision, DecisionEvent } from '@conclave/consensus-core';
import { events } from '@conclave/contracts';
import type { Tx } from '@conclave/postgres-kit';

/** Says who is asked now, wave by wave: the first is opened together with the vote, often with the decision itself. */
export async function tellWaves(tx: Tx, { terms, asked }: Decision, added: readonly DecisionEvent[]): Promise<void> {
  for (const [at, { seq, voters }] of asked.entries())
    if (added.some((event) => event.seq === seq))
      await tx.emit(events.waveOpened, { decision: terms.decisionId, wave: at + 1, voters: [...voters] });
}
