import { parseArgs } from 'node:util';
import type { ExitCode } from './exit-codes.js';
import { usage } from './fault.js';
import type { Output } from './output.js';

/** One option of a command; with a `value` it takes one. */
export interface Option {
  readonly value?: string;
  readonly help: string;
}

/** A command as it is told and as it is run. */
export interface Command {
  readonly name: string;
  /** What stands behind the name on the command line. */
  readonly operands?: readonly { readonly name: string; readonly required: boolean }[];
  readonly summary: string;
  readonly description: string;
  readonly options: Readonly<Record<string, Option>>;
  readonly codes: readonly [number, string][];
  run(call: Call): Promise<ExitCode>;
}

/** A command line, understood. */
export interface Call {
  readonly operands: readonly string[];
  /** The value of an option, if it was given. */
  text(name: string): string | undefined;
  flag(name: string): boolean;
  readonly out: Output;
  readonly env: NodeJS.ProcessEnv;
  /** Where the person stands. */
  readonly cwd: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

export const commonOptions = {
  json: { help: 'write one JSON document to stdout' },
  help: { help: 'show this help' },
} as const satisfies Record<string, Option>;

export const platformOptions = {
  url: { value: 'URL', help: 'address of the platform (CONCLAVE_URL)' },
  'api-key': { value: 'KEY', help: 'API key (better given as CONCLAVE_API_KEY)' },
} as const satisfies Record<string, Option>;

/** Reads the words behind a command's name. @throws Fault `cli.usage` */
export function parseCall(
  command: Command,
  words: readonly string[],
): Pick<Call, 'operands' | 'text' | 'flag'> & { readonly json: boolean; readonly help: boolean } {
  const options = { ...command.options, ...commonOptions };
  const { values, positionals } = parseWords(command, words, options);
  const expected = command.operands ?? [];
  const missing = expected.find(({ required }, at) => required && positionals[at] === undefined);
  if (missing && !values['help']) throw usage(`${missing.name} is missing`, helpOf(command));
  if (positionals.length > expected.length)
    throw usage(`unexpected argument ${JSON.stringify(positionals[expected.length])}`, helpOf(command));
  return {
    operands: positionals,
    text: (name) => values[name] as string | undefined,
    flag: (name) => values[name] === true,
    json: values['json'] === true,
    help: values['help'] === true,
  };
}

function parseWords(command: Command, words: readonly string[], options: Readonly<Record<string, Option>>) {
  try {
    return parseArgs({
      args: withNegatives(words),
      allowPositionals: true,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { value }]) => [
          name,
          { type: value === undefined ? 'boolean' : 'string' },
        ]),
      ),
    });
  } catch (error) {
    throw usage(error instanceof Error ? error.message.split('. ')[0]! : String(error), helpOf(command));
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

const helpOf = ({ name }: Command): string => `See: conclave ${name} --help`;
