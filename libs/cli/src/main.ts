import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { find, isGroup, parseCall, type Found } from './command.js';
import { inCommands } from './commands-in-advice.js';
import { parts, root } from './commands.js';
import { EXIT } from './exit-codes.js';
import { Fault, faultOf, usage } from './fault.js';
import { groupHelp, helpText, overview, reference } from './help.js';
import { Output, type Streams } from './output.js';
import { CHECKOUT } from './platform/settings.js';
import { printable } from './printable.js';
import { topics } from './topics.js';

/** What the program is started with. */
export interface Start extends Streams {
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Aborted when the person interrupts. */
  readonly signal: AbortSignal;
}

/** Runs a command line. @returns its exit code */
export async function main({ words, env, cwd, signal, ...streams }: Start): Promise<number> {
  const asks = (...names: readonly string[]) => words.some((word) => names.includes(word));
  const out = new Output(streams, env, { json: asks('--json'), quiet: asks('--quiet', '-q') });
  let path: readonly string[] = [];
  try {
    const [first = '', ...rest] = words;
    if (['version', '--version'].includes(first)) return said(out, `${version()}\n`);
    if (['--help', '-h'].includes(first)) return said(out, overview(parts));
    if (first === 'help') return help(out, rest);
    const found = find(root, words);
    ({ path } = found);
    if (isGroup(found.entry)) return groupTold(out, found, asks('--help', '-h'));
    const { help: asked, ...call } = parseCall(found.entry, found.words);
    if (asked) return said(out, helpText(path, found.entry));
    return await found.entry.run({ ...call, out, env, cwd, signal });
  } catch (error) {
    out.transient('');
    if (signal.aborted) return EXIT.interrupted;
    return tell(out, faultOf(error), path);
  }
}

function said(out: Output, text: string): 0 {
  out.text(text);
  return 0;
}

/** A group alone is no command: what there is in it is told, as help that was asked for or for want of a name. */
function groupTold(out: Output, { path, entry, words }: Found, asked: boolean): number {
  if (!isGroup(entry)) throw new TypeError('a group is told');
  const wrong = asked ? undefined : words.find((word) => !['--json', '--quiet', '-q'].includes(word));
  if (wrong !== undefined) throw usage(`${JSON.stringify(wrong)} is no command`);
  if (out.json && !asked) throw usage('a command is missing');
  out.text(path.length === 0 ? overview(parts) : groupHelp(path, entry));
  return asked ? 0 : EXIT.usage;
}

/** `help`, `help TOPIC` and `help COMMAND…`. */
function help(out: Output, words: readonly string[]): number {
  const [name = ''] = words;
  if (words.length === 0) return said(out, overview(parts));
  if (name === 'reference') return said(out, reference(root));
  if (Object.hasOwn(topics, name)) return said(out, topics[name]!.text());
  const { path, entry, words: left } = find(root, words);
  if (left.length > 0) throw usage(`there is no help about ${JSON.stringify(left.join(' '))}`);
  return said(out, isGroup(entry) ? groupHelp(path, entry) : helpText(path, entry));
}

function version(): string {
  const manifest = readFileSync(join(CHECKOUT, 'libs/cli/package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

function tell(out: Output, fault: Fault, path: readonly string[]): number {
  const { exitCode, code, message } = fault;
  const see = code === 'cli.usage' ? `See: ${out.typed(...path, '--help')}` : undefined;
  const advice = fault.advice === undefined ? see : inCommands(fault.advice, root);
  const lines = message.split('\n').map(printable);
  if (out.json) out.result({ error: { code, message, ...(advice === undefined ? {} : { advice }), exitCode } });
  else out.complain(`conclave: ${lines.join('\n')}`, ...(advice === undefined ? [] : [`  ${printable(advice)}`]));
  return exitCode;
}
