/**
 * The process of one contestant: opens the module it is called with, with the options that `CONTESTANT_OPTIONS` holds, and
 * answers.
 */
import { pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { closedLoop } from './closed-loop.js';
import type { Answer, ContestantModule, Load, Question } from './contestant.js';

const [, , module = ''] = process.argv;
const { CONTESTANT_OPTIONS: options = '{}' } = process.env;
const { open } = (await import(pathToFileURL(module).href)) as ContestantModule;
const contestant = await open(JSON.parse(options) as never);

async function answer({ operation, argument }: Question): Promise<unknown> {
  if (operation === 'ready') return true;
  if (operation === 'load') return closedLoop(contestant, argument as Load);
  if (operation === 'heapBytes') return heapBytes();
  if (operation === 'close') return contestant.close();
  const asked = contestant.operations?.[operation];
  if (!asked) throw new Error(`${module} cannot ${operation}`);
  return asked(argument as never);
}

/** What is left in memory when all garbage is gone, with what the heap refers to outside of it. */
async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // What is freed by the first may be held by callbacks that only run after it.
  for (let time = 0; time < 3; time++) {
    collect();
    await new Promise((turn) => setImmediate(turn));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
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
