import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { ConclaveError, runs } from '@conclave/contracts';
import type { Client, Question } from '@conclave/sdk';
import type { Call } from '../command.js';
import { Fault } from '../fault.js';
import { printable } from '../printable.js';
import { openQuestions, questionLines, typedAnswer } from './questions.js';

/** The story does not tell every wait, so they are asked for. */
const PAUSE_MS = 500;

type Line = IteratorResult<string, unknown>;

/** Asks whoever sits at the terminal whenever the run asks a person, until `over`. */
export async function answerAtTerminal(call: Call, client: Client, run: string, over: AbortSignal): Promise<void> {
  // Not readline's own terminal: it would keep Ctrl-C for itself.
  const reader = createInterface({ input: process.stdin, terminal: false });
  const lines = reader[Symbol.asyncIterator]();
  let next: Promise<Line> | undefined;
  let asked = '';
  try {
    for (;;) {
      const [question] = await openQuestions(client, run, over);
      if (!question) asked = '';
      else {
        if (asked !== keyOf(question)) ask(call, question);
        asked = keyOf(question);
        next ??= lines.next();
        const line = await Promise.race([next, sleep(PAUSE_MS, undefined, { signal: over })]);
        if (!line) continue;
        if (line.done) return call.out.note('', `Nobody answers here: ${call.out.typed('answer', run)}`);
        [next, asked] = [undefined, ''];
        await send(call, client, run, question, line.value.trim());
        continue;
      }
      await sleep(PAUSE_MS, undefined, { signal: over });
    }
  } catch (error) {
    if (!over.aborted) throw error;
  } finally {
    reader.close();
  }
}

const keyOf = ({ task, expiresAt }: Question): string => `${task} ${expiresAt}`;

function ask({ out }: Call, question: Question): void {
  out.complain('', ...questionLines(out, question));
  out.ask(question.options.length > 0 ? '  number or name: ' : '  answer: ');
}

/** Sends what was typed. What does not fit, or comes too late, is said; the question is asked again if it still stands. */
async function send({ out }: Call, client: Client, run: string, question: Question, typed: string): Promise<void> {
  if (typed === '') return;
  try {
    const answer = typedAnswer(question, typed);
    await client.call(runs.answerRun, { id: run, task: question.task, answer }, { idempotencyKey: randomUUID() });
  } catch (error) {
    const repeatable = error instanceof Fault || (error instanceof ConclaveError && repeatables.has(error.code));
    if (!repeatable) throw error;
    out.complain(`  ${printable(error.message)}`);
  }
}

const repeatables: ReadonlySet<string> = new Set([
  'runtime.answer.unfit',
  'runtime.wait.closed',
  'runtime.wait.not-found',
  'request.invalid',
]);
