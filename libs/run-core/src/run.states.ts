import type { Transitions } from './machine.js';

/** A run: one request to the platform, from submission to its end. */
export type RunState = 'queued' | 'running' | 'parked' | 'paused' | 'completed' | 'failed' | 'canceled' | 'expired';
export type RunTransition = 'start' | 'park' | 'wake' | 'pause' | 'resume' | 'complete' | 'fail' | 'cancel' | 'expire';

/** A paused run remembers where it came from: `resume` leads back there. Work under way may still end it. */
export const runTransitions: Transitions<RunState, RunTransition> = {
  queued: { start: 'running', pause: 'paused', fail: 'failed', cancel: 'canceled', expire: 'expired' },
  running: {
    park: 'parked',
    pause: 'paused',
    complete: 'completed',
    fail: 'failed',
    cancel: 'canceled',
    expire: 'expired',
  },
  parked: { wake: 'running', pause: 'paused', fail: 'failed', cancel: 'canceled', expire: 'expired' },
  paused: { resume: 'running', complete: 'completed', fail: 'failed', cancel: 'canceled', expire: 'expired' },
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
