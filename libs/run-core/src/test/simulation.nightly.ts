import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rules } from '../sim/rules.js';
import { schedules, verdict } from './schedules.js';

/** Other ones each night: a failure says the seed. */
const SCHEDULES = 10_000;

it('keeps the engine’s rules in schedules that nobody has tried before', () => {
  fc.assert(
    fc.property(schedules(600), (schedule) => {
      expect(verdict(rules, schedule)).toBeUndefined();
    }),
    { numRuns: SCHEDULES },
  );
}, 900_000);
