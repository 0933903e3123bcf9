export { IllegalTransition, diagramOf, isTerminal, nextState, type Transitions } from './machine.js';
export {
  runStateOnWire,
  runTransitions,
  turnTransitions,
  type RunState,
  type RunTransition,
  type TurnState,
  type TurnTransition,
} from './run.states.js';
export { retryDelayMs, type RetrySchedule } from './retry.js';
