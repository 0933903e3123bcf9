import { describe, expect, it } from '@jest/globals';
import { aim, failed, must, verdictsOn } from './goals.js';
import type { Case } from './report.js';

const one = (figures: Case['figures'], goals: Case['goals']): Case => ({
  ...{ bench: 'engine', case: 'b1', figures },
  ...(goals && { goals }),
});

describe('goals', () => {
  it('are hit on their bound and missed beyond it, on either side', () => {
    const goals = [must('ratio', { atLeast: 5 }), aim('ms', { atMost: 2 })];
    const hits = (ratio: number, ms: number) => verdictsOn([one({ ratio, ms }, goals)]).map(({ hit }) => hit);
    expect(hits(5, 2)).toEqual([true, true]);
    expect(hits(4.99, 2.01)).toEqual([false, false]);
  });

  it('are missed by a figure that was not measured', () => {
    expect(verdictsOn([one({}, [must('ratio', { atLeast: 5 })])]).map(({ hit }) => hit)).toEqual([false]);
    expect(verdictsOn([one({ ms: NaN }, [aim('ms', { atMost: 2 })])]).map(({ hit }) => hit)).toEqual([false]);
  });

  it('fail a benchmark only when they decide', () => {
    const [missed, reached] = [{ atLeast: 5 }, { atLeast: 1 }];
    expect(failed(verdictsOn([one({ ratio: 2 }, [aim('ratio', missed), must('ratio', reached)])]))).toBe(false);
    expect(failed(verdictsOn([one({ ratio: 2 }, [aim('ratio', reached), must('ratio', missed)])]))).toBe(true);
    expect(failed(verdictsOn([one({ ratio: 2 }, undefined)]))).toBe(false);
  });
});
