/** What people and programs write to stdin; Ctrl-C ends the waiting for it. */
import { createInterface } from 'node:readline';
import { addAbortSignal, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Call } from './command.js';
import { EXIT } from './exit-codes.js';
import { Fault, usage } from './fault.js';

/** All of it. */
export const stdinText = ({ signal }: Pick<Call, 'signal'>): Promise<string> =>
  text(addAbortSignal(signal, process.stdin));

/**
 * Asks whoever sits at a terminal whether they mean what cannot be taken back; `--yes` answers beforehand. A script is
 * taken at its word.
 *
 * @throws Fault `cli.declined` when they do not
 */
export async function confirmed(call: Call, what: string): Promise<void> {
  if (call.flag('yes') || !process.stdin.isTTY) return;
  if (!/^y(es)?$/i.test(await lineTyped(call, `${what} Go on? [y/N] `)))
    throw new Fault(EXIT.interrupted, 'cli.declined', 'nothing was done');
}

/** A line that is typed behind `prompt`; nothing where stdin has ended. */
export async function lineTyped({ out, signal }: Call, prompt: string, output?: Writable): Promise<string> {
  out.ask(prompt);
  const terminal = output !== undefined;
  const reader = createInterface({ input: process.stdin, terminal, signal, ...(output && { output }) });
  // At a terminal of its own readline keeps Ctrl-C for itself.
  reader.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  try {
    const { value, done } = await reader[Symbol.asyncIterator]().next();
    signal.throwIfAborted();
    return done ? '' : String(value).trim();
  } finally {
    reader.close();
  }
}

/**
 * What nobody may see in a list of processes or a shell’s history, nor on the screen: at a terminal a line that is not
 * shown, elsewhere all of stdin without the line break at its end.
 *
 * @throws Fault `cli.usage` when it is empty
 */
export async function secretTyped(call: Call, what: string): Promise<string> {
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const value = process.stdin.isTTY
    ? await lineTyped(call, `The ${what}, which is not shown: `, silent)
    : (await stdinText(call)).replace(/\r?\n$/, '');
  if (process.stdin.isTTY) call.out.complain('');
  if (value === '') throw usage(`stdin is empty: the ${what} is read from there`);
  return value;
}
