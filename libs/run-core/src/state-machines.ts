import { diagramOf, type Transitions } from './machine.js';
import { runTransitions, taskTransitions, turnTransitions, waitTransitions } from './run.states.js';

const machines: readonly [string, string, Transitions<string, string>][] = [
  ['Run', 'One request to the platform, from submission to its end.', runTransitions],
  ['Task', 'A node of a run’s graph; the run itself is the task `root`.', taskTransitions],
  ['Turn', 'One activation of a task’s agent, fenced by its epoch.', turnTransitions],
  ['Wait', 'A parked task: the first of answer and expiry wins.', waitTransitions],
];

/** docs/state-machines.md: the tables of this library as diagrams, and that of decisions, which is consensus-core’s. */
export const stateMachinesPage = (decision: string): string =>
  [
    '# State machines',
    '',
    'Drawn from the tables in `libs/run-core/src/run.states.ts` and `libs/consensus-core/src/decision/decision.states.ts` (`node libs/run-core/bin/generate.mjs`). What no arrow shows is refused, or changes nothing but the record. Test databases of the runtime refuse every statement that changes a state without an arrow, and a test takes each arrow that is drawn of runs, tasks, turns and waits (`services/agent-runtime/src/engine/engine-model.itest.ts`).',
    ...machines.flatMap(([name, what, table]) => [
      ...['', `## ${name}`, '', what, ''],
      ...['```mermaid', diagramOf(table), '```'],
    ]),
    ...['', '## Decision', '', 'From its opening to its end; events that stay in a phase are left out.', ''],
    ...['```mermaid', decision, '```'],
    '',
  ].join('\n');
