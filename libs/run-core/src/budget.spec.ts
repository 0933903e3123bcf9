import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  crossed,
  held,
  isOver,
  limited,
  percentSpent,
  periodAt,
  renewed,
  settled,
  type BudgetState,
} from './budget.js';

const fresh = (limit: number): BudgetState => ({
  ...{ limit, spent: 0, reserved: 0, excess: 0, told: [], endsAt: null },
});

describe('a budget', () => {
  it('admits what fits to the last millionth, and nothing more', () => {
    const full = held(fresh(10), 10)!;
    expect(full.reserved).toBe(10);
    expect(held(full, 1)).toBeUndefined();
    expect(held(full, 0)).toBeDefined();
    expect(held(settled(full, 10, 4), 6)).toBeDefined();
    expect(held(settled(full, 10, 4), 7)).toBeUndefined();
  });

  it('spends what a call cost even when less was held, says how much stands above the limit, and admits nothing then', () => {
    const over = settled(held(fresh(10), 4)!, 4, 15);
    expect(over).toMatchObject({ spent: 15, reserved: 0, excess: 5 });
    expect(held(over, 1)).toBeUndefined();
  });

  it('says no more that it stands above the limit once it does not', () => {
    const lowered = limited(held(held(fresh(100), 60)!, 40)!, 50);
    expect(lowered).toMatchObject({ reserved: 100, excess: 50 });
    const one = settled(lowered, 60, 10);
    expect(one).toMatchObject({ spent: 10, reserved: 40, excess: 0 });
    expect(held(settled(one, 40, 0), 40)).toMatchObject({ excess: 0 });
  });

  it('keeps its invariant under any order of admissions, settlements, new limits and periods', () => {
    const move = fc.oneof(
      fc.record({ kind: fc.constant('hold' as const), amount: fc.nat(60) }),
      fc.record({ kind: fc.constant('settle' as const), part: fc.double({ min: 0, max: 1.2, noNaN: true }) }),
      fc.record({ kind: fc.constant('limit' as const), limit: fc.integer({ min: 1, max: 200 }) }),
      fc.record({ kind: fc.constant('renew' as const) }),
    );
    fc.assert(
      fc.property(fc.array(move, { maxLength: 60 }), (moves) => {
        let budget = fresh(100);
        const holds: number[] = [];
        for (const one of moves) {
          if (one.kind === 'hold') {
            const next = held(budget, one.amount);
            if (next) holds.push(one.amount);
            budget = next ?? budget;
          }
          if (one.kind === 'settle' && holds.length > 0) {
            const hold = holds.shift()!;
            budget = settled(budget, hold, Math.floor(hold * one.part));
          }
          if (one.kind === 'limit') budget = limited(budget, one.limit);
          if (one.kind === 'renew') budget = renewed(budget);
          expect(budget.excess).toBe(Math.max(0, budget.spent + budget.reserved - budget.limit));
          expect(budget.reserved).toBe(holds.reduce((sum, hold) => sum + hold, 0));
        }
      }),
    );
  });

  it('tells each threshold once a period, in order, and the last of them when a call does not fit', () => {
    const at = (spent: number) => settled(fresh(100), 0, spent);
    expect(crossed(at(49), false).told).toEqual([]);
    expect(crossed(at(50), false).told).toEqual([50]);
    const jumped = crossed(at(85), false);
    expect(jumped.told).toEqual([50, 80]);
    expect(crossed(jumped.budget, false).told).toEqual([]);
    const full = crossed(jumped.budget, true);
    expect(full.told).toEqual([100]);
    expect(crossed(full.budget, true).told).toEqual([]);
    expect(crossed(settled(renewed(full.budget), 0, 60), false).told).toEqual([50]);
    const early = crossed(fresh(100), true);
    expect(early.told).toEqual([100]);
    expect(crossed(settled(early.budget, 0, 60), true).told).toEqual([50]);
  });

  it('tells thresholds of a new limit that are still to come, and none that are passed', () => {
    const spent = settled(fresh(100), 0, 90);
    expect(limited(spent, 1_000).told).toEqual([]);
    expect(limited(spent, 110).told).toEqual([50, 80]);
    expect(limited(spent, 50)).toMatchObject({ told: [50, 80, 100], excess: 40 });
  });

  it('tells nothing again when the same limit is set again', () => {
    const full = crossed(settled(fresh(100), 0, 60), true).budget;
    expect(full.told).toEqual([50, 100]);
    expect(crossed(limited(full, 100), true).told).toEqual([]);
  });

  it('rounds what is spent down, so that 100 percent is all of it', () => {
    expect(percentSpent({ limit: 1_000, spent: 999 })).toBe(99);
    expect(percentSpent({ limit: 1_000, spent: 1_000 })).toBe(100);
    expect(percentSpent({ limit: 100, spent: 29 })).toBe(29);
  });

  it('has the days and months of UTC, leap days and year ends among them', () => {
    const at = Date.parse('2028-02-29T23:59:59.999Z');
    expect(periodAt('day', at)).toEqual({
      startsAt: Date.parse('2028-02-29'),
      endsAt: Date.parse('2028-03-01'),
    });
    expect(periodAt('month', Date.parse('2026-12-31T12:00:00Z'))).toEqual({
      startsAt: Date.parse('2026-12-01'),
      endsAt: Date.parse('2027-01-01'),
    });
    expect(isOver(periodAt('total', at), Number.MAX_SAFE_INTEGER)).toBe(false);
    const { endsAt } = periodAt('day', at);
    expect([isOver({ endsAt }, endsAt! - 1), isOver({ endsAt }, endsAt!)]).toEqual([false, true]);
  });
});
