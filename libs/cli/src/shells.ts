/** Completion of commands, options and their values in shells, from the table of commands. */
import { commandsOf, commonOptions, isGroup, type Command, type Entry, type Group, type Options } from './command.js';
import { topics } from './topics.js';

/** A place on the command line, and what can follow it. */
interface Place {
  /** `admin tenants`; nothing at the beginning. */
  readonly path: string;
  readonly words: readonly (readonly [string, string])[];
  readonly options: Options;
}

function places(group: Group, above: readonly string[] = []): Place[] {
  const own = {
    path: above.join(' '),
    words: group.commands.map(({ name, summary }) => [name, summary] as const),
    options: commonOptions,
  };
  return [own, ...group.commands.flatMap((entry) => placesOf(entry, [...above, entry.name]))];
}

const placesOf = (entry: Entry, path: readonly string[]): Place[] =>
  isGroup(entry)
    ? places(entry, path)
    : [{ path: path.join(' '), words: valuesOf(entry), options: { ...entry.options, ...commonOptions } }];

/** What the first operand can be. */
const valuesOf = ({ operands: [first] = [] }: Command) => (first?.values ?? []).map((value) => [value, ''] as const);

const root = (group: Group): Place[] => {
  const [first, ...others] = places(group);
  const help = {
    path: 'help',
    words: [...first!.words, ...Object.entries(topics).map(([name, { summary }]) => [name, summary] as const)],
    options: {},
  };
  return [{ ...first!, words: [...first!.words, ['help', 'tell about a command or a topic']] }, ...others, help];
};

/** The options that take one of a few words, by option. */
function choices(group: Group): Map<string, readonly string[]> {
  const all = [...commandsOf(group)].flatMap(([, { options }]) => Object.entries(options));
  return new Map(all.flatMap(([name, { values }]) => (values ? [[name, values] as const] : [])));
}

/** Options that take a value, whose next word is no command. */
const valued = (group: Group): string[] => [
  ...new Set(
    [...commandsOf(group)].flatMap(([, { options }]) =>
      Object.entries(options).flatMap(([name, { value }]) => (value ? [`--${name}`] : [])),
    ),
  ),
];

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Follows the words before the one that is completed down to a place, in what bash and zsh both understand. */
const walk = (group: Group, first: string, end: string, words: string): string[] => [
  `  for ((i = ${first}; i < ${end}; i++)); do`,
  `    word="\${${words}[i]}"`,
  '    known="${at:+$at }$word"',
  '    case "$known" in',
  `      ${knownPaths(group).join('|')}) at="$known" ;;`,
  '    esac',
  '  done',
];

const knownPaths = (group: Group): string[] =>
  root(group)
    .filter(({ path }) => path !== '')
    .map(({ path }) => single(path));

function bash(group: Group): string {
  return [
    '# bash completion of conclave',
    '_conclave() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" at="" word known i words="" options=""',
    '  case "$prev" in',
    ...[...choices(group)].map(
      ([name, values]) =>
        `    --${name}) COMPREPLY=($(compgen -W ${single(values.join(' '))} -- "$cur")); __ltrim_colon_completions "$cur" 2>/dev/null; return ;;`,
    ),
    `    ${valued(group).join('|')}) COMPREPLY=(); compopt -o default 2>/dev/null; return ;;`,
    '  esac',
    ...walk(group, '1', 'COMP_CWORD', 'COMP_WORDS'),
    '  case "$at" in',
    ...root(group).map(
      ({ path, words, options }) =>
        `    ${single(path)}) words=${single(words.map(([word]) => word).join(' '))} options=${single(
          Object.keys(options)
            .map((name) => `--${name}`)
            .join(' '),
        )} ;;`,
    ),
    '  esac',
    '  if [[ "$cur" == -* ]]; then words="$options"; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '  if [[ -z "$words" ]]; then compopt -o default 2>/dev/null; fi',
    '  return 0',
    '}',
    'complete -F _conclave conclave',
    '',
  ].join('\n');
}

function zsh(group: Group): string {
  const described = (word: string, help: string) => single(`${word.replaceAll(':', '\\:')}:${help}`);
  return [
    '#compdef conclave',
    '# zsh completion of conclave',
    '_conclave() {',
    '  local at="" word known i',
    '  local -a entries options',
    '  case "${words[CURRENT-1]}" in',
    ...[...choices(group)].map(
      ([name, values]) => `    --${name}) compadd -- ${values.map(single).join(' ')}; return ;;`,
    ),
    `    ${valued(group).join('|')}) _files; return ;;`,
    '  esac',
    ...walk(group, '2', 'CURRENT', 'words'),
    '  case "$at" in',
    ...root(group).map(
      ({ path, words, options }) =>
        `    ${single(path)}) entries=(${words.map(([word, help]) => described(word, help)).join(' ')}); options=(${Object.entries(
          options,
        )
          .map(([name, { help }]) => described(`--${name}`, help))
          .join(' ')}) ;;`,
    ),
    '  esac',
    '  if [[ "${words[CURRENT]}" == -* ]]; then _describe option options; elif (( ${#entries} )); then _describe command entries; else _files; fi',
    '}',
    'if [[ "${funcstack[1]}" == _conclave ]]; then _conclave "$@"; else compdef _conclave conclave; fi',
    '',
  ].join('\n');
}

function fish(group: Group): string {
  const line = (condition: string, rest: string) => `complete -c conclave -n ${single(condition)} ${rest}`;
  return [
    '# fish completion of conclave',
    'function __conclave_at',
    '  set -l at',
    '  for word in (commandline -opc)[2..-1]',
    '    switch (string join " " -- $at $word)',
    `      case ${knownPaths(group).join(' ')}`,
    '        set -a at $word',
    '    end',
    '  end',
    '  set -l where (string join " " -- $at)',
    '  test "$where" = "$argv"',
    'end',
    ...root(group).flatMap(({ path, words, options }) => {
      const here = `__conclave_at ${path}`;
      return [
        ...words.map(([word, help]) => line(here, `-f -a ${single(word)} -d ${single(help)}`)),
        ...Object.entries(options).map(([name, { help, value, values, short }]) =>
          line(
            here,
            `-l ${name}${short ? ` -s ${short}` : ''}${values ? ` -x -a ${single(values.join(' '))}` : value ? ' -r' : ''} -d ${single(help)}`,
          ),
        ),
      ];
    }),
    '',
  ].join('\n');
}

export const shells = { bash, zsh, fish } as const;
