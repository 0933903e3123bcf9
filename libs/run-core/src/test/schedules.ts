import fc from 'fast-check';
import { Violation } from '../sim/judge.js';
import type { Rules } from '../sim/rules.js';
import { Simulation } from '../sim/simulation.js';

/** A seed of what agents want, and what happens. */
export const schedules = (most: number): fc.Arbitrary<[number, number[]]> =>
  fc.tuple(fc.nat(), fc.array(fc.nat(), { minLength: 50, maxLength: most, size: 'max' }));

/** @returns the rule that a schedule finds broken; the arrows that it takes are noted */
export function verdict(
  rules: Rules,
  [seed, schedule]: readonly [number, readonly number[]],
  arrows = new Set<string>(),
): string | undefined {
  const simulation = new Simulation(rules, seed);
  try {
    for (const choice of schedule) simulation.happen(choice);
    simulation.calm();
    return undefined;
  } catch (error) {
    if (error instanceof Violation) return `${error.message}, after ${simulation.judge.story.join(', ')}`;
    throw error;
  } finally {
    for (const arrow of simulation.model.arrows) arrows.add(arrow);
  }
}
