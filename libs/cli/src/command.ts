import { parseArgs } from 'node:util';
import type { Contract } from '@conclave/contracts';
import { didYouMean } from './did-you-mean.js';
import type { ExitCode } from './exit-codes.js';
import { usage } from './fault.js';
import type { Output } from './output.js';

/** One option of a command; with a `value` it takes one. */
export interface Option {
  readonly value?: string;
  /** All that its value can be; shells complete them. */
  readonly values?: readonly string[];
  /** May be given several times. */
  readonly many?: true;
  readonly short?: string;
  readonly help: string;
}
export type Options = Readonly<Record<string, Option>>;

export interface Operand {
  readonly name: string;
  readonly required: boolean;
  readonly values?: readonly string[];
}

/** A command as it is told and as it is run. */
export interface Command {
  readonly name: string;
  /** What stands behind the name on the command line. */
  readonly operands?: readonly Operand[];
  readonly summary: string;
  readonly description?: string;
  readonly options: Options;
  /** How it ends, where that is not as of most. */
  readonly codes?: readonly [number, string][];
  /** What it asks the platform for: what its user must be permitted, and which command stands for a route in advice. */
  readonly calls?: readonly Contract[];
  run(call: Call): Promise<ExitCode>;
}

/** Commands about one thing. */
export interface Group {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  readonly commands: readonly Entry[];
}

export type Entry = Command | Group;

export const isGroup = (entry: Entry): entry is Group => 'commands' in entry;

/** A command line, understood. */
export interface Call {
  readonly operands: readonly string[];
  /** The value of an option, if it was given. */
  text(name: string): string | undefined;
  /** The values of an option that may be given several times. */
  texts(name: string): readonly string[];
  flag(name: string): boolean;
  readonly out: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Where the person stands. */
  readonly cwd: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export const commonOptions = {
  json: { help: 'write the answer as JSON to stdout' },
  quiet: { short: 'q', help: 'no progress and no notes; of lists the ids alone' },
  help: { short: 'h', help: 'show this help' },
} as const satisfies Options;

export const platformOptions = {
  url: { value: 'URL', help: 'address of the platform (CONCLAVE_URL)' },
  'api-key': { value: 'KEY', help: 'API key (better given as CONCLAVE_API_KEY)' },
  profile: { value: 'NAME', help: 'the login of this name (CONCLAVE_PROFILE)' },
} as const satisfies Options;

/** What may stand before the name of a command as well. */
const anywhere: Options = { ...platformOptions, ...commonOptions };

/** Where a command line leads: the names down to a command or a group, and the words that are left for it. */
export interface Found {
  readonly path: readonly string[];
  readonly entry: Entry;
  readonly words: readonly string[];
}

/** Follows names down from `root`. @throws Fault `cli.usage` where there is no such command */
export function find(root: Group, words: readonly string[]): Found {
  const left = [...words];
  const path: string[] = [];
  let entry: Entry = root;
  for (let at = 0; isGroup(entry) && at < left.length;) {
    const word = left[at]!;
    if (word.startsWith('-')) {
      at += takesNext(word) ? 2 : 1;
      continue;
    }
    const below = entryNamed(entry, word);
    if (!below) throw unknown(entry, path, word);
    [entry] = [below];
    path.push(below.name);
    left.splice(at, 1);
  }
  return { path, entry, words: left };
}

/** Groups are named by a plural; one thing of them goes as well. */
const entryNamed = ({ commands }: Group, word: string): Entry | undefined =>
  commands.find(({ name }) => name === word) ?? commands.find((one) => isGroup(one) && one.name === `${word}s`);

function takesNext(word: string): boolean {
  const name = word.replace(/^--/, '');
  return Object.hasOwn(anywhere, name) && anywhere[name]!.value !== undefined;
}

function unknown({ commands }: Group, path: readonly string[], word: string) {
  const near = didYouMean(
    word,
    commands.map(({ name }) => name),
  );
  const where = ['conclave', ...path].join(' ');
  return usage(
    `there is no command ${JSON.stringify([...path, word].join(' '))}`,
    near === undefined ? `See: ${where} --help` : `Did you mean: ${where} ${near}?`,
  );
}

type Parsed = Pick<Call, 'operands' | 'text' | 'texts' | 'flag'> & { readonly help: boolean };

/** Reads the words behind a command's name. @throws Fault `cli.usage` */
export function parseCall(command: Command, words: readonly string[]): Parsed {
  const { values, positionals } = parseWords(words, { ...command.options, ...commonOptions });
  const expected = command.operands ?? [];
  const missing = expected.find(({ required }, at) => required && positionals[at] === undefined);
  if (missing && !values['help']) throw usage(`${missing.name} is missing`);
  if (positionals.length > expected.length)
    throw usage(`unexpected argument ${JSON.stringify(positionals[expected.length])}`);
  const all = (name: string) => [values[name] ?? []].flat().filter((value) => typeof value === 'string');
  return {
    operands: positionals,
    text: (name) => all(name).at(-1),
    texts: all,
    flag: (name) => values[name] === true,
    help: values['help'] === true,
  };
}

function parseWords(words: readonly string[], options: Options) {
  try {
    return parseArgs({
      args: withNegatives(words),
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { value, many, short }]) => [
          name,
          {
            type: value === undefined ? ('boolean' as const) : ('string' as const),
            ...(many && { multiple: true }),
            ...(short !== undefined && { short }),
          },
        ]),
      ),
    });
  } catch (error) {
    const said = (error as Error).message.split('. ')[0]!;
    const [, wrong] = /^Unknown option '--([^']+)'/.exec(said) ?? [];
    const near = wrong === undefined ? undefined : didYouMean(wrong, Object.keys(options));
    throw usage(said, near === undefined ? undefined : `Did you mean: --${near}?`);
  }
}

/** A negative number behind an option is its value, whoever refuses it. */
function withNegatives(words: readonly string[]): string[] {
  const args: string[] = [];
  for (const word of words)
    if (/^-\d/.test(word) && /^--[^=]+$/.test(args.at(-1) ?? '')) args.push(`${args.pop()}=${word}`);
    else args.push(word);
  return args;
}

/** Every command below a group, with the names that lead to it. */
export function* commandsOf(group: Group, above: readonly string[] = []): Generator<[readonly string[], Command]> {
  for (const entry of group.commands) {
    const path = [...above, entry.name];
    if (isGroup(entry)) yield* commandsOf(entry, path);
    else yield [path, entry];
  }
}
