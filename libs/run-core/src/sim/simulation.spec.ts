import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Watch } from '../watch.js';
import { schedules, verdict } from '../test/schedules.js';
import { declaredArrows } from './engine-model.js';
import { rules, type Rules } from './rules.js';

/** Moves of one schedule. */
const MOST = 200;

/** A reaper that no outage tells anything. */
class Unforgetting extends Watch {
  override forget(): void {}
}

describe('the engine’s rules, whatever befalls workers, people, clocks and Postgres', () => {
  it('commit every turn once, accept nothing of an old epoch, answer no wait twice, leave no end, and come to an end', () => {
    const arrows = new Set<string>();
    fc.assert(
      fc.property(schedules(MOST), (schedule) => {
        expect(verdict(rules, schedule, arrows)).toBeUndefined();
      }),
      { seed: 1, numRuns: 200 },
    );
    expect([...arrows].sort()).toEqual(declaredArrows);
  });

  const broken: readonly (readonly [string, Partial<Rules>, RegExp])[] = [
    [
      'a write counts whatever its epoch',
      { holds: (turn, by) => turn.owner === by.owner },
      /write of an old epoch accepted/,
    ],
    ['a write counts whoever sends it', { holds: (turn, by) => turn.epoch === by.epoch }, /illegal transition/],
    ['an end that is sent again is unknown', { hasEnded: () => false }, /write refused to the owner/],
    ['epochs stay', { epochAfter: (epoch) => epoch }, /epoch does not rise/],
    ['epochs are the clock’s alone', { epochAfter: (_, now) => now }, /epoch does not rise/],
    ['epochs are counted alone', { epochAfter: (epoch) => epoch + 1 }, /epoch given twice/],
    ['a session has room for two', { hasRoom: () => true }, /two turns of a session at once/],
    ['who is not enlisted is given turns', { mayClaim: () => true }, /turn given to nobody/],
    ['a wait is open for ever', { isOpen: () => true }, /illegal transition|answered twice/],
    ['an early answer is forgotten', { remembers: false }, /answer lost/],
    ['turns come ready into a paused run', { begins: () => 'ready' }, /turn begun in a run that stands/],
    ['a turn that is given back forgets the pause', { givenBack: () => 'return' }, /turn begun in a run that stands/],
    ['who resumes leaves turns paused', { resumes: false }, /never ends/],
    ['a paused run that is done leaves turns paused', { resumesWhatIsLeft: false }, /never ends/],
    ['a canceled run leaves turns', { endsAll: false }, /something of it goes on/],
    ['a canceled run leaves children', { endsChildren: false }, /outlives/],
    ['a run that is over starts others', { mayStart: () => true }, /outlives/],
    ['turns stay with the dead', { frees: false }, /never ends/],
    ['turns stay with who does not know of them', { disowns: false }, /never ends/],
    ['a step is kept again', { keepsOnce: false }, /step kept twice/],
    ['a run that is over is spoken to', { mayHear: () => true }, /spoken to after its end/],
    ['a step hears what was heard before', { heardBefore: () => 0 }, /message not heard once/],
    ['a call is booked again', { booksOnce: false }, /booked not once|overspent/],
    ['what kills its workers is tried for ever', { hopelessness: () => undefined }, /never ends/],
    ['who was frozen goes on as if nothing had been', { mayHaveLost: () => false }, /under a turn that was lost/],
    [
      'whatever is asked for is held',
      { admits: (budget, amount) => ({ ...budget, reserved: budget.reserved + amount }) },
      /overspent/,
    ],
    [
      'a reaper remembers what it saw before an outage',
      { watch: (...since) => new Unforgetting(...since) },
      /living worker taken for dead/,
    ],
    [
      'a reaper takes every free lock for a death',
      { watch: () => ({ deadOf: (others) => others.filter(({ free }) => free), forget: () => undefined }) },
      /living worker taken for dead/,
    ],
  ];
  it.each(broken)('are noticed to be broken when %s', (_, change, found) => {
    const { counterexample } = fc.check(
      fc.property(schedules(MOST), (schedule) => verdict({ ...rules, ...change }, schedule) === undefined),
      { seed: 1, numRuns: 600, endOnFailure: true },
    );
    expect(counterexample && verdict({ ...rules, ...change }, counterexample[0])).toMatch(found);
  });
});
