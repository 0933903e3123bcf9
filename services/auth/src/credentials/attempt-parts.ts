/** What auth's module needs to put on record who was not let in. */
import { FindLink } from '../links/find-link.js';
import { FailedAttempts } from './failed-attempts.js';

export const attemptProviders = [FailedAttempts, FindLink];
