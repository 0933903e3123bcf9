import { createInterface } from 'node:readline';
import type { Call } from '../command.js';
import { usage } from '../fault.js';
import { printable } from '../printable.js';

/**
 * Has the name of what will be gone written once more: at the terminal, or by a script with `--yes --name`.
 *
 * @throws Fault `cli.usage` when it is another
 */
export async function confirmedName(call: Call, name: string): Promise<string> {
  const given = call.flag('yes') ? call.text('name') : await typed(call, name);
  if (given === undefined) throw usage('--yes needs --name', 'Write the name of the tenant behind it.');
  if (given !== name) throw usage(`${JSON.stringify(given)} is not the name of this tenant`);
  return given;
}

async function typed(call: Call, name: string): Promise<string> {
  call.out.ask(`This erases everything of ${printable(name)}, for ever. Write its name to go on: `);
  const reader = createInterface({ input: process.stdin, terminal: false });
  try {
    const { value, done } = await reader[Symbol.asyncIterator]().next();
    return done ? '' : String(value).trim();
  } finally {
    reader.close();
  }
}
