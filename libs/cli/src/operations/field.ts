/** Words of a command line, as members of a request. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Client } from '@conclave/sdk';
import { parse } from 'yaml';
import type { Call, Option } from '../command.js';
import { usage } from '../fault.js';
import { stdinText } from '../stdin.js';
import { idNamed, operandOf, type AnyNoun } from './noun.js';

interface At {
  readonly call: Call;
  readonly client: Client;
}

export interface Field {
  /** Of the request; without one the value is an object whose members are the request’s. */
  readonly member?: string;
  /** As it is spelled: `expires` for `--expires`. */
  readonly name: string;
  readonly option: Option;
  readonly required?: true;
  read(said: readonly string[], at: At): unknown;
}

type Spelling = Partial<Pick<Field, 'name' | 'required'>> & { readonly value?: string };

const kebab = (member: string): string => member.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

function field(
  member: string,
  option: Option,
  { name = kebab(member), required }: Spelling,
  read: Field['read'],
): Field {
  return { member, name, option, read, ...(required && { required }) };
}

/** Words as they are. */
export const word = (member: string, help: string, spelled: Spelling = {}): Field =>
  field(member, { value: spelled.value ?? kebab(member).toUpperCase(), help }, spelled, ([said]) => said);

export const number = (member: string, help: string, spelled: Spelling = {}): Field =>
  field(member, { value: spelled.value ?? 'N', help }, spelled, ([said = '']) => {
    if (!/^-?\d{1,15}$/.test(said)) throw usage(`${said} is not a number`);
    return Number(said);
  });

/** One of a few words. */
export const oneOf = (member: string, values: readonly string[], help: string, spelled: Spelling = {}): Field => {
  const value = spelled.value ?? kebab(member).toUpperCase();
  return field(member, { value, values, help }, spelled, ([said = '']) => known(said, values));
};

/** Some of a few words: given several times, or with commas between them. */
export const someOf = (member: string, values: readonly string[], help: string, spelled: Spelling = {}): Field => {
  const option = { value: spelled.value ?? 'NAME', values, help, many: true as const };
  return field(member, option, spelled, (said) => said.flatMap(listed).map((one) => known(one, values)));
};

/** Any words, several times or with commas between them. */
export const several = (member: string, help: string, spelled: Spelling = {}): Field =>
  field(member, { value: spelled.value ?? 'TEXT', help, many: true }, spelled, (said) => said.flatMap(listed));

/** True when it is said, or `value`. */
export const flag = (
  member: string,
  help: string,
  { value = true, ...spelled }: { name?: string; value?: unknown } = {},
) => field(member, { help }, spelled, () => value);

/** A thing, by its id or its name. */
export const named = (member: string, of: AnyNoun, help: string, spelled: Spelling = {}): Field =>
  field(member, { value: spelled.value ?? operandOf(of), help }, spelled, ([said = ''], { client }) =>
    idNamed(client, of, said),
  );

const UNITS: Readonly<Record<string, number>> = { min: 60_000, h: 3_600_000, d: 86_400_000, w: 7 * 86_400_000 };

/** A time, as a date or as how far ahead: `2027-01-31`, `90d`. */
export const time = (member: string, help: string, spelled: Spelling = {}): Field =>
  field(member, { value: spelled.value ?? 'TIME', help }, spelled, ([said = '']) => timeOf(said));

/** @throws Fault `cli.usage` */
export function timeOf(said: string, direction: 1 | -1 = 1): string {
  const [, count, unit = ''] = /^(\d{1,5})(min|h|d|w)$/.exec(said) ?? [];
  const at = count === undefined ? Date.parse(said) : Date.now() + direction * Number(count) * UNITS[unit]!;
  if (Number.isNaN(at))
    throw usage(`${JSON.stringify(said)} is no time`, 'Write 2027-01-31, 2027-01-31T08:00:00Z, or 90d.');
  return count === undefined && /[+-]\d\d:\d\d$/.test(said) ? said : new Date(at).toISOString();
}

/** The text of a file, or of stdin as `-`. */
export const textFile = (member: string, help: string, spelled: Spelling = {}): Field =>
  field(member, { value: spelled.value ?? 'FILE', help }, spelled, ([said = ''], { call }) => textOf(call, said));

/** A member in JSON or YAML, from a file or stdin. */
export const document = (member: string, help: string, spelled: Spelling = {}): Field =>
  field(member, { value: spelled.value ?? 'FILE', help }, spelled, async ([said = ''], { call }) =>
    parsed(said, await textOf(call, said)),
  );

/** The request as a whole, in JSON or YAML. */
export const request = (help: string): Field => {
  const { member: _, ...whole } = document('', help, { name: 'FILE', required: true });
  return whole;
};

/** @throws Fault `cli.usage` */
export async function textOf(call: Pick<Call, 'cwd' | 'signal'>, file: string): Promise<string> {
  const read = file === '-' ? stdinText(call) : readFile(resolve(call.cwd, file), 'utf8');
  return read.catch((error: NodeJS.ErrnoException) => {
    call.signal.throwIfAborted();
    throw usage(`${file} cannot be read (${error.code})`);
  });
}

/** @throws Fault `cli.usage` */
export function parsed(file: string, written: string): unknown {
  try {
    return parse(written) as unknown;
  } catch (error) {
    throw usage(`${file} is neither JSON nor YAML: ${error instanceof Error ? error.message.split('\n')[0] : ''}`);
  }
}

function known(said: string, values: readonly string[]): string {
  if (values.includes(said)) return said;
  throw usage(`there is no ${JSON.stringify(said)}`, `There are: ${values.join(', ')}`);
}

const listed = (said: string): string[] =>
  said
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
