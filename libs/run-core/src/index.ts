export { isDeeperThan } from './depth.js';
export {
  IllegalTransition,
  arrowsOf,
  diagramOf,
  isTerminal,
  nextState,
  statesBefore,
  statesOf,
  type Transitions,
} from './machine.js';
export {
  machines,
  runStateOnWire,
  runTransitions,
  taskTransitions,
  turnTransitions,
  waitTransitions,
  type RunState,
  type RunTransition,
  type TaskState,
  type TurnState,
  type TurnTransition,
  type WaitState,
} from './run.states.js';
export { graphFault, type GraphFault, type GraphLimits, type GraphTask } from './graph.js';
export { UnresolvedReference, pointed, referencesIn, resolved, tasksIn, type Reference } from './reference.js';
export { hopelessness, type Attempts } from './hopelessness.js';
export { retryDelayMs, type RetrySchedule } from './retry.js';
export { Recent, type RecentLimits } from './recent.js';
export { Watch, mayHaveLost, type Sighting } from './watch.js';
export { TokenLog, type DeadAttempt, type TokenFrame } from './token-log.js';
export {
  crossed,
  held,
  isOver,
  limited,
  percentSpent,
  periodAt,
  renewed,
  roomIn,
  settled,
  type BudgetPeriod,
  type BudgetState,
  type Threshold,
} from './budget.js';
