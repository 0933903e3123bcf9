import type { Transitions } from './machine.js';

/** A run: one request to the platform, from submission to its end. */
export type RunState = 'queued' | 'running' | 'parked' | 'completed' | 'failed' | 'canceled';
export type RunTransition = 'start' | 'park' | 'resume' | 'complete' | 'fail' | 'cancel';

export const runTransitions: Transitions<RunState, RunTransition> = {
  queued: { start: 'running', cancel: 'canceled', fail: 'failed' },
  running: { park: 'parked', complete: 'completed', fail: 'failed', cancel: 'canceled', start: 'running' },
  parked: { resume: 'running', fail: 'failed', cancel: 'canceled', start: 'parked' },
  completed: {},
  failed: {},
  canceled: {},
};

/** How a run's state is spelled on the wire: A2A's task states. */
export const runStateOnWire = {
  queued: 'submitted',
  running: 'working',
  parked: 'working',
  completed: 'completed',
  failed: 'failed',
  canceled: 'canceled',
} as const satisfies Record<RunState, string>;

/** A turn: one activation of an agent. `superseded` = the run was canceled under it. */
export type TurnState = 'ready' | 'running' | 'done' | 'failed' | 'superseded';
export type TurnTransition = 'claim' | 'return' | 'finish' | 'fail' | 'supersede';

export const turnTransitions: Transitions<TurnState, TurnTransition> = {
  ready: { claim: 'running', supersede: 'superseded' },
  running: { return: 'ready', finish: 'done', fail: 'failed', supersede: 'superseded' },
  done: {},
  failed: {},
  superseded: {},
};
