/** What simulated agents do: a pure function of the turn, so that every attempt at it wants the same. */
import type { Ending, TurnKey } from './rows.js';

export interface Plan {
  /** What its steps cost, each at the most what is held for it. */
  readonly steps: readonly { readonly name: string; readonly most: number; readonly cost: number }[];
  readonly ending: Ending;
  /** The run that it starts, and waits for. */
  readonly child?: string;
  /** Whether it is what kills its workers. */
  readonly isPoison: boolean;
}

const MINUTE_MS = 60_000;
const GRAPH = [
  { id: 'left', dependsOn: [] },
  { id: 'right', dependsOn: [] },
  { id: 'join', dependsOn: ['left', 'right'] },
];

const parked = (kind: string, key: string, minutes: number): Ending => ({
  kind: 'parked',
  wait: { kind, key, expiresInMs: minutes * MINUTE_MS },
});

export function planOf(seed: number, { run, task, no }: TurnKey): Plan {
  const chance = hashOf(`${seed} ${run}/${task}/${no}`);
  const steps = Array.from({ length: chance % 3 }, (_, at) => ({
    ...{ name: `${no}/${at}`, most: 15 + (chance % 20), cost: (chance >>> 3) % 2 },
  }));
  const way = (chance >>> 8) % (task === 'root' && no === 1 ? 8 : 5);
  const isPoison = (chance >>> 12) % 19 === 0;
  const child = `${run}.child`;
  const ending = ((): Ending => {
    if (no > 2 || way === 0 || (task === 'root' && no === 2 && way < 4)) return { kind: 'done' };
    if (way === 1) return { kind: 'failed' };
    if (way === 2) return parked('human', `${run}/${task}/${no}`, 20);
    if (way === 3) return parked('timer', `${run}/${task}/${no}`, 1);
    if (way === 4) return parked('event', run, 30);
    if (way === 5 && !run.endsWith('.child')) return parked('run', child, 60);
    return { ...parked('tasks', '', 120), spawn: GRAPH } as Ending;
  })();
  const startsChild = ending.kind === 'parked' && ending.wait.kind === 'run';
  return { steps, ending, isPoison, ...(startsChild && { child }) };
}

/** FNV-1a, mixed once more: near keys differ in all bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const letter of text) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
