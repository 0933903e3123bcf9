import { events } from '@conclave/contracts';

/** Entries whose proof somebody waits for: a decision's receipt needs them. */
export const AWAITED: readonly string[] = [
  events.decisionOpened.type,
  events.commitsClosed.type,
  events.decisionSealed.type,
];
