import { createInterface } from 'node:readline';
import type { Call } from './command.js';
import { usage } from './fault.js';

/**
 * Asks whoever sits at a terminal whether they mean what cannot be taken back; `--yes` answers beforehand. A script is
 * taken at its word.
 *
 * @throws Fault `cli.usage` when they do not
 */
export async function confirmed(call: Call, what: string): Promise<void> {
  if (call.flag('yes') || !process.stdin.isTTY) return;
  if (!/^y(es)?$/i.test(await lineTyped(call, `${what} Go on? [y/N] `))) throw usage('nothing was done');
}

/** A line that is typed behind `prompt`; nothing where stdin has ended. */
export async function lineTyped({ out, signal }: Call, prompt: string): Promise<string> {
  out.ask(prompt);
  const reader = createInterface({ input: process.stdin, terminal: false, signal });
  try {
    const { value, done } = await reader[Symbol.asyncIterator]().next();
    signal.throwIfAborted();
    return done ? '' : String(value).trim();
  } finally {
    reader.close();
  }
}
