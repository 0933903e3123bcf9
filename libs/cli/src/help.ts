import { commonOptions, type Command, type Option } from './command.js';

/** The overview of all commands. */
export function overview(commands: readonly Command[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length)) + 2;
  return [
    'Conclave: panels judge changes and leave receipts anyone can verify; agents’ tasks run until they are done.',
    '',
    'Usage: conclave COMMAND [OPTION…]',
    '',
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'Every command takes --json and --help; --version says which program this is.',
    'The platform is named by --url and --api-key, else by CONCLAVE_URL and CONCLAVE_API_KEY, else by the last',
    '`conclave login`, else by the .conclave/dev.json of `npm run up`.',
    '',
  ].join('\n');
}

/** The help of one command. */
export function helpText({ name, operands = [], description, options, codes }: Command): string {
  const all = { ...options, ...commonOptions };
  const spelled = Object.entries<Option>(all).map(([option, { value, help }]): [string, string] => [
    `--${option}${value === undefined ? '' : ` ${value}`}`,
    help,
  ]);
  const width = Math.max(...spelled.map(([option]) => option.length)) + 2;
  const behind = operands.map((operand) => ` ${operand.required ? operand.name : `[${operand.name}]`}`).join('');
  return [
    `Usage: conclave ${name}${behind} [OPTION…]`,
    '',
    description,
    '',
    ...spelled.map(([option, help]) => `  ${option.padEnd(width)}${help}`),
    '',
    'Exit codes:',
    ...codes.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`),
    '',
  ].join('\n');
}
