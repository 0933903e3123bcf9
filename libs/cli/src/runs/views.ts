/** Runs, their tasks, waits and journals on lines of a terminal. */
import { runs, type ReplyOf, type Run, type TaskResults, type Wait } from '@conclave/contracts';
import { questionOf } from '@conclave/sdk';
import type { Output } from '../output.js';
import { printable, printableJson } from '../printable.js';

type Item<Page> = Page extends { items: (infer One)[] } ? One : never;
export type Task = Item<ReplyOf<typeof runs.listTasks>>;
export type Step = Item<ReplyOf<typeof runs.listSteps>>;

export const runLine = ({ id, state, outcome, createdAt, title }: Run): string =>
  `${id}  ${createdAt.slice(0, 16)}  ${(outcome ?? state).padEnd(10)} ${printable(title)}`;

export function runLines(run: Run): string[] {
  const { id, title, state, outcome, createdAt, updatedAt, decision, failure, parent, forkedFrom, deadlineAt } = run;
  return [
    `Run      ${id}`,
    `Title    ${printable(title)}`,
    `State    ${state}${outcome === undefined ? '' : `, ${outcome}`}`,
    `Created  ${createdAt}`,
    `Changed  ${updatedAt}`,
    ...(deadlineAt === undefined ? [] : [`Deadline ${deadlineAt}`]),
    ...(parent === undefined ? [] : [`Part of  ${parent}`]),
    ...(forkedFrom === undefined ? [] : [`Forked   from ${forkedFrom}`]),
    ...(decision === undefined ? [] : [`Decision ${decision}`]),
    ...(failure === undefined ? [] : [`Failure  ${printable(failure.code)}: ${printable(failure.message)}`]),
  ];
}

export const taskLine = ({ id, agent, state, turns, dependsOn }: Task): string =>
  `  ${printable(id).padEnd(18)} ${printable(agent).padEnd(9)} ${state.padEnd(8)} ${turns} turn${turns === 1 ? '' : 's'}${dependsOn.length > 0 ? `, after ${printable(dependsOn.join(', '))}` : ''}`;

/** What a task waits for, and how a person answers it. */
export function waitLine(out: Output, run: string, wait: Wait): string {
  const question = questionOf(wait);
  const until = `until ${wait.expiresAt.slice(0, 16)}`;
  if (!question) {
    const command = wait.kind === 'command' ? runs.commandAbout.safeParse(wait.about).data : undefined;
    if (!command) return `  ${printable(wait.task)} waits for ${printable(wait.kind)}, ${until}`;
    const limit = new Date(Date.parse(command.begunAt) + command.timeoutMs).toISOString();
    return `  ${printable(wait.task)} runs a command since ${command.begunAt.slice(0, 16)}, at most until ${limit.slice(0, 16)}`;
  }
  return `  ${printable(wait.task)} asks, ${until}: ${printable(question.text)} (${out.typed('answer', run, wait.task)})`;
}

export const stepLine = ({ pos, task, turn, name, at }: Step): string =>
  `${String(pos).padStart(8)}  ${at.slice(0, 19)}  ${printable(task)}#${turn}  ${printable(name)}`;

/** What a run gave that is no review: words as words, everything else as JSON. */
export function tellResult(out: Output, run: string, given: TaskResults): 0 {
  const { result } = given;
  out.print(...(typeof result === 'string' ? result.split('\n').map(printable) : [printableJson(result)]));
  out.result({ run, ...given });
  return 0;
}
