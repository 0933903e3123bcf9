/**
 * The process of one contestant: opens the module it is called with, with the options that `CONTESTANT_OPTIONS` holds, and
 * answers.
 */
import { pathToFileURL } from 'node:url';
import { closedLoop } from './closed-loop.js';
import type { Answer, ContestantModule, Load, Question } from './contestant.js';

const [, , module = ''] = process.argv;
const { CONTESTANT_OPTIONS: options = '{}' } = process.env;
const { open } = (await import(pathToFileURL(module).href)) as ContestantModule;
const contestant = await open(JSON.parse(options) as never);

async function answer({ operation, argument }: Question): Promise<unknown> {
  if (operation === 'ready') return true;
  if (operation === 'load') return closedLoop(contestant, argument as Load);
  if (operation === 'close') return contestant.close();
  const asked = contestant.operations?.[operation];
  if (!asked) throw new Error(`${module} cannot ${operation}`);
  return asked(argument as never);
}

process.on('message', (question: Question) => {
  const { no } = question;
  const send = (reply: Answer) => void process.send?.(reply);
  answer(question).then(
    (value) => send({ no, value }),
    (error: unknown) => send({ no, fault: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  );
});
process.on('disconnect', () => process.exit());
