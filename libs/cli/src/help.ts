import {
  commandsOf,
  commonOptions,
  isGroup,
  platformOptions,
  type Command,
  type Group,
  type Option,
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
  const { own, shared, codes = plainCodes } = { ...command, ...optionsOf(command) };
  const width = Math.max(...spelled({ ...own, ...shared }).map(([name]) => name.length));
  return [
    ...usageOf(path, command),
    '',
    ...(Object.keys(own).length > 0 ? [...inColumns(spelled(own), width), ''] : []),
    ...inColumns(spelled(shared), width),
    '',
    ...permissionsOf(command),
    'Exit codes:',
    ...codes.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
    '',
  ].join('\n');
}

const usageOf = (path: readonly string[], command: Command): string[] => [
  `Usage: conclave ${path.join(' ')}${operandsOf(command)} [OPTION…]`,
  '',
  command.description ?? `${capital(command.summary)}.`,
];

function permissionsOf({ calls = [] }: Command): string[] {
  const needs = [...new Set(calls.map(({ permission }) => permission))].filter((one) => one !== 'none');
  return needs.length > 0 ? [`Permissions: ${needs.join(', ')}`, ''] : [];
}

/** The options of a command alone, and those that many take. */
function optionsOf({ options }: Command): { readonly own: Options; readonly shared: Options } {
  const entries = Object.entries(options);
  const isShared = ([name, option]: readonly [string, Option]) => option === (platformOptions as Options)[name];
  const own = Object.fromEntries(entries.filter((one) => !isShared(one)));
  return { own, shared: { ...Object.fromEntries(entries.filter(isShared)), ...commonOptions } };
}

const spelled = (options: Options) =>
  Object.entries(options).map(([name, option]): [string, string] => [spelling(name, option), helpOf(option)]);

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
    ...Object.entries(topics).flatMap(([name, { summary, text }]) => [
      `## ${capital(name.replaceAll('-', ' '))}: ${summary}`,
      '',
      ...block([text()]),
    ]),
    '## Options that many commands take',
    '',
    ...block(inColumns(spelled({ ...platformOptions, ...commonOptions }))),
    ...root.commands.flatMap((entry) => [
      `## conclave ${entry.name}`,
      '',
      ...(isGroup(entry) ? [entry.description?.replaceAll(/\s+/g, ' ') ?? `${capital(entry.summary)}.`, ''] : []),
      ...[...commandsOf({ ...root, commands: [entry] })].flatMap(([path, command]) => block(briefly(path, command))),
    ]),
  ].join('\n');
}

/** A command without what is told of all. */
function briefly(path: readonly string[], command: Command): string[] {
  const own = spelled(optionsOf(command).own);
  return [
    ...usageOf(path, command),
    '',
    ...(own.length > 0 ? [...inColumns(own), ''] : []),
    ...permissionsOf(command),
    ...(command.codes ? ['Exit codes:', ...command.codes.map(([code, meaning]) => `  ${code}  ${meaning}`)] : []),
  ];
}

const block = (lines: readonly string[]): string[] => ['```text', lines.join('\n').trimEnd(), '```', ''];
