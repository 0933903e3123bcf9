import { randomUUID } from 'node:crypto';
import { runs, type Wait } from '@conclave/contracts';
import { questionOf, type Question } from '@conclave/sdk';
import { platformOptions, type Call, type Command } from '../command.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { jsonOf, questionLines, typedAnswer } from '../runs/questions.js';

export const answer: Command = {
  name: 'answer',
  operands: [
    { name: 'RUN', required: true },
    { name: 'TASK', required: false },
    { name: 'ANSWER', required: false },
  ],
  summary: 'answer what a run asks',
  description: [
    'Without an answer: what the run asks, and what may be answered. TASK may be left out while the run asks one thing.',
    'An option is answered by its name, everything else with any words, or with JSON. Of an effect nobody saw the end',
    'of: done (or "done JSON", with what it gave), retry or fail. The first answer is taken, later ones are refused.',
  ].join('\n'),
  options: {
    'json-answer': { value: 'JSON', help: 'the answer, as JSON' },
    ...platformOptions,
  },
  calls: [runs.answerRun, runs.listWaits],

  async run(call) {
    const { out, signal } = call;
    const client = clientOf(call);
    const id = call.operands[0]!;
    const { items: waits } = await client.call(runs.listWaits, { id }, { signal });
    const asked = waits.flatMap((wait) => questionOf(wait) ?? []);
    const { task, words } = addressed(call, waits);
    const json = call.text('json-answer');
    if (words !== undefined && json !== undefined) throw usage('two answers are given: words and --json-answer');
    if (words === undefined && json === undefined) {
      const shown = asked.filter((question) => task === undefined || question.task === task);
      out.print(...shown.flatMap((question, at) => [...(at > 0 ? [''] : []), ...questionLines(out, question)]));
      if (shown.length === 0) out.print('It asks nothing.');
      out.result({ items: shown });
      return 0;
    }
    const value = json === undefined ? worded(asked, task, words!) : jsonOf(json, '--json-answer');
    const taken = await client.call(
      runs.answerRun,
      { id, ...(task === undefined ? {} : { task }), answer: value },
      { idempotencyKey: randomUUID(), signal },
    );
    out.print(`${printable(taken.task)} is answered.`);
    out.result(taken);
    return 0;
  },
};

/** Two words are RUN and a task that asks, or has asked, or else the answer. */
function addressed({ operands: [, second, third] }: Call, waits: readonly Wait[]) {
  if (third !== undefined) return { task: second, words: third };
  const isTask = waits.some(({ task }) => task === second);
  return isTask ? { task: second, words: undefined } : { task: undefined, words: second };
}

/** Which answer the words stand for; where it is not known what is asked, they are the answer. */
function worded(asked: readonly Question[], task: string | undefined, words: string) {
  const question =
    task === undefined ? (asked.length === 1 ? asked[0] : undefined) : asked.find((one) => one.task === task);
  return question ? typedAnswer(question, words) : words;
}
