import {
  commandsOf,
  commonOptions,
  isGroup,
  platformOptions,
  type Command,
  type Group,
  type Options,
} from './command.js';
import { plainCodes } from './exit-codes.js';
import { topics } from './topics.js';

/** The overview of a group’s commands. */
export function groupHelp(path: readonly string[], { summary, description, commands }: Group): string {
  const name = ['conclave', ...path].join(' ');
  return [
    `Usage: ${name} COMMAND [OPTION…]`,
    '',
    description ?? `${capital(summary)}.`,
    '',
    ...inColumns(
      commands.map((entry) => [
        entry.name + (isGroup(entry) || path.length === 0 ? '' : operandsOf(entry)),
        entry.summary,
      ]),
    ),
    '',
    `What a command takes: ${name} COMMAND --help`,
    '',
  ].join('\n');
}

/** The overview of everything, in parts. */
export function overview(parts: readonly (readonly [string, readonly Group['commands'][number][]])[]): string {
  const all = parts.flatMap(([, entries]) => entries.map(({ name }) => name.length));
  const width = Math.max(...all);
  return [
    'Conclave: panels judge changes and leave receipts anyone can verify; agents’ tasks run until they are done.',
    '',
    'Usage: conclave COMMAND [OPTION…]',
    ...parts.flatMap(([title, entries]) => [
      '',
      `${title}:`,
      ...inColumns(
        entries.map(({ name, summary }) => [name, summary]),
        width,
      ),
    ]),
    '',
    'Every command takes --help, --json and --quiet. More: conclave help TOPIC, of',
    ...inColumns(
      Object.entries(topics).map(([name, { summary }]) => [name, summary]),
      width,
    ),
    '',
  ].join('\n');
}

/** The help of one command. */
export function helpText(path: readonly string[], command: Command): string {
  const { summary, description, options, codes = plainCodes, calls = [] } = command;
  const spelled = (some: Options) =>
    Object.entries(some).map(([name, option]): [string, string] => [spelling(name, option), helpOf(option)]);
  const common: Options = {
    ...Object.fromEntries(Object.entries(options).filter(([name]) => isPlatform(name, options))),
    ...commonOptions,
  };
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => !(name in common)));
  const width = Math.max(...spelled({ ...own, ...common }).map(([name]) => name.length));
  const needs = [...new Set(calls.map(({ permission }) => permission))].filter((one) => one !== 'none');
  return [
    `Usage: conclave ${path.join(' ')}${operandsOf(command)} [OPTION…]`,
    '',
    description ?? `${capital(summary)}.`,
    '',
    ...(Object.keys(own).length > 0 ? [...inColumns(spelled(own), width), ''] : []),
    ...inColumns(spelled(common), width),
    '',
    ...(needs.length > 0 ? [`Permissions: ${needs.join(', ')}`, ''] : []),
    'Exit codes:',
    ...codes.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
    '',
  ].join('\n');
}

const isPlatform = (name: string, options: Options): boolean =>
  Object.hasOwn(platformOptions, name) && options[name] === platformOptions[name as keyof typeof platformOptions];

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const operandsOf = ({ operands = [] }: Command): string =>
  operands.map(({ name, required }) => ` ${required ? name : `[${name}]`}`).join('');

const spelling = (name: string, { value, short }: Options[string]): string =>
  `--${name}${value === undefined ? '' : ` ${value}`}${short === undefined ? '' : `, -${short}`}`;

/** The words it can be are told where they are few. */
const helpOf = ({ help, values, many }: Options[string]): string => {
  const told = values !== undefined && values.length <= 8 && !values.every((one) => help.includes(one));
  return `${help}${told ? `: ${values.join(', ')}` : ''}${many ? '; may be given several times' : ''}`;
};

const inColumns = (
  rows: readonly (readonly [string, string])[],
  width = Math.max(...rows.map(([first]) => first.length)),
) => rows.map(([first, second]) => `  ${first.padEnd(width)}  ${second}`);

/** All commands as a page of Markdown, for `docs/cli.md`. */
export function reference(root: Group): string {
  return [
    '# The command line',
    '',
    'Written by `conclave help reference`; a test fails when it is stale. Every command tells the same with `--help`.',
    '',
    ...[...commandsOf(root)].map(
      ([path, { summary }]) => `- [\`conclave ${path.join(' ')}\`](#conclave-${path.join('-')}): ${summary}`,
    ),
    '',
    ...Object.entries(topics).flatMap(([name, { summary, text }]) => [
      `## ${capital(name)}: ${summary}`,
      '',
      '```text',
      text().trimEnd(),
      '```',
      '',
    ]),
    ...[...commandsOf(root)].flatMap(([path, command]) => [
      `## conclave ${path.join(' ')}`,
      '',
      '```text',
      helpText(path, command).trimEnd(),
      '```',
      '',
    ]),
  ].join('\n');
}
