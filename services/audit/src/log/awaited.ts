import { events } from '@conclave/contracts';

/** Entries whose proof somebody waits for: a decision's receipt needs them, and a voter's key counts with its own. */
export const AWAITED: readonly string[] = [
  events.decisionOpened.type,
  events.commitsClosed.type,
  events.decisionSealed.type,
  events.voterKeyEnrolled.type,
  events.voterKeyRotated.type,
];
