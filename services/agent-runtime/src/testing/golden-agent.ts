/** The golden run: six steps in three turns with two waits between them, and all the places where its worker may die. */
import type { Activation, Json, Turn } from '../engine/agent-port.js';
import { waitFor } from './engine-world.js';

/** Where a worker dies: while it does step n, after step n was journaled, before the turn after step n ends, or as it does. */
export interface Death {
  readonly step: number;
  readonly when: 'in its middle' | 'after it' | 'before the turn ends' | 'as the turn ends';
}

export const STEPS = 6;
/** The turn ends after these, waiting for somebody's word or for a time; and after the last. */
export const ENDS = [2, 4, STEPS] as const;

/** The wait between two turns of a run. */
export const waitKey = (run: string, end: number): string => `${run}/${end}`;

const numbers = Array.from({ length: STEPS }, (_, at) => at + 1);
export const deaths: readonly Death[] = [
  ...numbers.flatMap((step) => [{ step, when: 'in its middle' } as const, { step, when: 'after it' } as const]),
  ...ENDS.map((step) => ({ step, when: 'before the turn ends' }) as const),
];

/** How often each step's work is done in a run that meets this death, or none. */
export const timesDone = (death?: Death): Map<number, number> =>
  new Map(numbers.map((step) => [step, death?.when === 'in its middle' && death.step === step ? 2 : 1]));

/** An agent that tells of each step's work, and of each place where it may die. */
export function goldenAgent(does: (step: number) => void, mayDie: (step: number, when: Death['when']) => void) {
  const activate = async (turn: Turn): Promise<Activation> => {
    const from = (turn.answer as { readonly from: number } | undefined)?.from ?? 0;
    const until = ENDS.find((end) => end > from)!;
    let sum: Json = 0;
    for (let step = from + 1; step <= until; step++) {
      sum = await turn.effect(`step/${step}`, 'keyed', async () => {
        does(step);
        mayDie(step, 'in its middle');
        return step * step;
      });
      mayDie(step, 'after it');
      await turn.tell(`told/${step}`, `golden.${step}`, { sum });
    }
    mayDie(until, 'before the turn ends');
    if (until === STEPS) return { kind: 'done', result: { sum } };
    const kind = until === ENDS[0] ? 'human' : 'timer';
    const wait = { kind, expiresInMs: kind === 'timer' ? 1 : 60_000, defaultAnswer: { from: until } } as const;
    return { kind: 'parked', wait: waitFor(waitKey(turn.runId, until), wait) };
  };
  return { activate };
}
