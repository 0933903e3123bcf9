/** Sets of states as SQL has them, from the tables. */
import {
  isTerminal,
  runTransitions,
  statesBefore,
  statesOf,
  taskTransitions,
  turnTransitions,
} from '@conclave/run-core';

const list = (states: readonly string[]): string => `(${states.map((state) => `'${state}'`).join(', ')})`;

/** Runs that go on: whatever they do, they can be canceled. */
export const LIVE_RUN = list(statesBefore(runTransitions, 'cancel'));
export const ENDED_RUN = list(statesOf(runTransitions).filter((state) => isTerminal(runTransitions, state)));
export const LIVE_TASK = list(statesBefore(taskTransitions, 'cancel'));
export const LIVE_TURN = list(statesBefore(turnTransitions, 'supersede'));
