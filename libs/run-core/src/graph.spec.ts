import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { graphFault, type GraphTask } from './index.js';

const limits = { tasks: 1_000, depth: 1_000, fanOut: 100 };
const task = (id: string, ...dependsOn: string[]): GraphTask => ({ id, dependsOn });

/** Every task depends on earlier ones only, in a shuffled list. */
const acyclic = fc
  .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 40 })
  .map((all) => all.map((picks, no) => task(`t${no}`, ...(no === 0 ? [] : picks.map((pick) => `t${pick % no}`)))))
  .chain((tasks) => fc.shuffledSubarray(tasks, { minLength: tasks.length, maxLength: tasks.length }));

describe('a task graph', () => {
  it('may run when nothing depends on itself, in whatever order it is listed', () => {
    fc.assert(fc.property(acyclic, (tasks) => expect(graphFault(tasks, limits)).toBeUndefined()));
  });

  it('is refused with a cycle that is one, wherever a way back is added', () => {
    fc.assert(
      fc.property(acyclic, fc.nat(), fc.nat(), (tasks, from, to) => {
        const [a, b] = [tasks[from % tasks.length]!.id, tasks[to % tasks.length]!.id];
        const looped = tasks.map((one) => (one.id === a ? task(a, ...(one.dependsOn ?? []), b) : one));
        const reaches = (id: string, seen = new Set<string>()): boolean =>
          id === a ||
          (!seen.has(id) &&
            !!seen.add(id) &&
            !!tasks.find((one) => one.id === id)?.dependsOn?.some((d) => reaches(d, seen)));
        const found = graphFault(looped, limits);
        if (!reaches(b)) return expect(found).toBeUndefined();
        const cycle = found?.fault === 'cycle' ? found.tasks : [];
        expect(cycle.length).toBeGreaterThan(0);
        cycle.forEach((id, at) => {
          const next = cycle[(at + 1) % cycle.length];
          expect(looped.find((one) => one.id === id)?.dependsOn).toContain(next);
        });
      }),
    );
  });

  it('is refused for what else is wrong with it, and told what', () => {
    const chain = Array.from({ length: 5 }, (_, no) => task(`t${no}`, ...(no > 0 ? [`t${no - 1}`] : [])));
    expect(graphFault(chain, { ...limits, tasks: 4 })).toEqual({ fault: 'too-many', limit: 4, found: 5 });
    expect(graphFault(chain, { ...limits, depth: 4 })).toEqual({ fault: 'too-deep', limit: 4, found: 5 });
    expect(graphFault([task('a'), task('a')], limits)).toEqual({ fault: 'duplicate', task: 'a' });
    expect(graphFault([task('a', 'b')], limits)).toEqual({ fault: 'unknown', task: 'a', dependsOn: 'b' });
    const fan = [task('a'), task('b', 'a'), task('c', 'a', 'a'), task('d', 'a')];
    expect(graphFault(fan, { ...limits, fanOut: 3 })).toBeUndefined();
    expect(graphFault(fan, { ...limits, fanOut: 2 })).toEqual({ fault: 'fan-out', task: 'a', limit: 2, found: 3 });
  });
});
