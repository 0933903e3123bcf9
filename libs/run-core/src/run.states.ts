import type { Transitions } from './machine.js';

/** A run: one request to the platform, from submission to its end. */
export type RunState = 'queued' | 'running' | 'parked' | 'paused' | 'completed' | 'failed' | 'canceled' | 'expired';
export type RunTransition = 'start' | 'park' | 'wake' | 'pause' | 'resume' | 'complete' | 'fail' | 'cancel' | 'expire';

/**
 * A paused run remembers where it goes on: `resume` leads there. Work under way may still end it. Only a root under way
 * fails its run, so none does that has not begun or is parked.
 */
export const runTransitions: Transitions<RunState, RunTransition> = {
  queued: { start: 'running', pause: 'paused', cancel: 'canceled', expire: 'expired' },
  running: {
    park: 'parked',
    pause: 'paused',
    complete: 'completed',
    fail: 'failed',
    cancel: 'canceled',
    expire: 'expired',
  },
  parked: { wake: 'running', pause: 'paused', cancel: 'canceled', expire: 'expired' },
  paused: {
    resume: ['queued', 'running', 'parked'],
    complete: 'completed',
    fail: 'failed',
    cancel: 'canceled',
    expire: 'expired',
  },
  completed: {},
  failed: {},
  canceled: {},
  expired: {},
};

/** How a run's state is spelled on the wire: A2A's task states, and our own where A2A has none. */
export const runStateOnWire = {
  queued: 'submitted',
  running: 'working',
  parked: 'working',
  paused: 'paused',
  completed: 'completed',
  failed: 'failed',
  canceled: 'canceled',
  expired: 'expired',
} as const satisfies Record<RunState, string>;

/** A task of a run. `blocked` until all it depends on is done. */
export type TaskState = 'blocked' | 'open' | 'done' | 'failed' | 'canceled';
export type TaskTransition = 'unblock' | 'finish' | 'fail' | 'cancel';

export const taskTransitions: Transitions<TaskState, TaskTransition> = {
  blocked: { unblock: 'open', cancel: 'canceled' },
  open: { finish: 'done', fail: 'failed', cancel: 'canceled' },
  done: {},
  failed: {},
  canceled: {},
};

/** A turn: one activation of an agent. `superseded` = its run ended under it. */
export type TurnState = 'ready' | 'running' | 'paused' | 'done' | 'superseded';
export type TurnTransition = 'claim' | 'return' | 'finish' | 'pause' | 'resume' | 'supersede';

export const turnTransitions: Transitions<TurnState, TurnTransition> = {
  ready: { claim: 'running', pause: 'paused', supersede: 'superseded' },
  running: { return: 'ready', pause: 'paused', finish: 'done', supersede: 'superseded' },
  paused: { resume: 'ready', supersede: 'superseded' },
  done: {},
  superseded: {},
};

/** A parked task. The first of answer and expiry wins. */
export type WaitState = 'open' | 'answered' | 'expired' | 'canceled';
export type WaitTransition = 'answer' | 'expire' | 'cancel';

export const waitTransitions: Transitions<WaitState, WaitTransition> = {
  open: { answer: 'answered', expire: 'expired', cancel: 'canceled' },
  answered: {},
  expired: {},
  canceled: {},
};

/** All of them, by the tables of the database whose rows have these states. */
export const machines = {
  run: runTransitions,
  task: taskTransitions,
  turn: turnTransitions,
  wait: waitTransitions,
} as const;
