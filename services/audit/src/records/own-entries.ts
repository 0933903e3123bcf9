/** Types of the entries that this service logs about itself; all others are events of somebody else. */
export const RETENTION_SET = 'retention.changed';
export const HOLD_PLACED = 'hold.placed';
export const HOLD_RELEASED = 'hold.released';
export const ERASED_ENTRY = 'subject.erased';
export const LOG_REBUILT = 'log.rebuilt';
