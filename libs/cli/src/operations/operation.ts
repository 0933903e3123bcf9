/** Commands that are one operation of the platform each: what is typed becomes its request, its reply is shown. */
import { randomUUID } from 'node:crypto';
import type { Contract, ReplyOf } from '@conclave/contracts';
import type { Client } from '@conclave/sdk';
import { stringify } from 'yaml';
import { platformOptions, type Call, type Command, type Options } from '../command.js';
import { confirmed } from '../stdin.js';
import { usage } from '../fault.js';
import type { Output } from '../output.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import type { Field } from './field.js';
import { pageAsked, pagingOptions, rowOf, tableOf, tellPage, type Shown, type Table } from './listing.js';
import { operandOf, plural, type AnyNoun, type ItemOf, type Noun } from './noun.js';

interface Spec {
  readonly name: string;
  /** Unless told, what the contract says of it. */
  readonly summary?: string;
  readonly description?: string;
  /** What stands behind the name, in order. */
  readonly operands?: readonly Field[];
  readonly options?: readonly Field[];
  /** Members that the request always has. */
  readonly always?: object;
  /** It cannot be taken back: what happens, asked about at a terminal. */
  readonly final?: string;
}

export interface OperationSpec<C extends Contract> extends Spec {
  /** Of which noun the reply is one; else it is shown as it is. */
  readonly gives?: Shown<ReplyOf<C>>;
  /** The reply as a table, with its head. */
  table?(this: void, reply: ReplyOf<C>, out: Output): Table;
  /** What is wrong with a request that nobody needs to be asked about. */
  wrong?(this: void, request: Readonly<Record<string, unknown>>): string | undefined;
  /** What the reply holds that is shown this once. */
  readonly once?: keyof ReplyOf<C> & string;
  /** The reply, for people. */
  shows?(this: void, reply: ReplyOf<C>, out: Output): readonly string[];
}

/** A command that carries out one operation. */
export function operation<C extends Contract>(contract: C, spec: OperationSpec<C>): Command {
  return {
    ...told(contract, spec, spec.final === undefined ? {} : { yes: { help: 'do not ask whether that is meant' } }),
    async run(call) {
      const client = clientOf(call);
      const request = await requestOf(call, client, spec);
      const wrong = spec.wrong?.(request);
      if (wrong !== undefined) throw usage(wrong);
      if (spec.final !== undefined) await confirmed(call, spec.final);
      const once = contract.http?.method === 'POST' ? { idempotencyKey: randomUUID() } : {};
      const reply = await client.call(contract, request as never, { ...once, signal: call.signal });
      tellReply(call.out, spec, reply);
      call.out.result(reply);
      return 0;
    },
  };
}

/** A command that lists a noun. */
export function listing<C extends Contract>(of: Noun<C>, path: readonly string[], spec: Partial<Spec> = {}): Command {
  const { list, whole } = of;
  const options = whole ? {} : pagingOptions;
  return {
    ...told(list, { name: 'list', summary: `list ${plural(of.name)}`, ...spec }, options),
    async run(call) {
      const request = await requestOf(call, clientOf(call), spec);
      const page = whole
        ? ((await clientOf(call).call(list, request as never)) as { items: ItemOf<C>[] })
        : await pageAsked(call, list, request);
      return tellPage(call, of, page, [...path, spec.name ?? 'list', ...call.operands]);
    },
  };
}

function told(contract: Contract, { name, summary, description, operands = [], options = [] }: Spec, more: Options) {
  const { summary: said = '' } = contract.http ?? {};
  return {
    name,
    summary: summary ?? said.charAt(0).toLowerCase() + said.slice(1),
    ...(description !== undefined && { description }),
    operands: operands.map(({ name, required, option }) => ({
      name: name.toUpperCase(),
      required: required === true,
      ...(option.values && { values: option.values }),
    })),
    options: {
      ...Object.fromEntries(options.map(({ name, option }) => [name, option] as const)),
      ...more,
      ...platformOptions,
    },
    calls: [contract],
  };
}

/** What operands and options ask for, together. @throws Fault `cli.usage` */
export async function requestOf(
  call: Call,
  client: Client,
  spec: Pick<Partial<Spec>, 'operands' | 'options' | 'always'>,
): Promise<Record<string, unknown>> {
  const { operands = [], options = [], always = {} } = spec;
  const given = [
    ...operands.map((field, at) => [field, call.operands.slice(at, at + 1)] as const),
    ...options.map((field) => [field, saidOf(call, field)] as const),
  ];
  for (const [{ name, required }, said] of given)
    if (required && said === undefined) throw usage(`--${name} is missing`);
  const request: Record<string, unknown> = { ...always };
  // One after the other: what is named is looked up, and one refusal is enough.
  for (const [field, said] of given) {
    if (said === undefined || (said.length === 0 && field.option.value !== undefined)) continue;
    const value = await field.read(said, { call, client });
    if (field.member === undefined) Object.assign(request, objectOf(value));
    else request[field.member] = value;
  }
  return request;
}

/** What was said of an option, or nothing at all. */
function saidOf(call: Call, { name, option }: Field): readonly string[] | undefined {
  if (option.value === undefined) return call.flag(name) ? [] : undefined;
  const said = call.texts(name);
  return said.length === 0 ? undefined : said;
}

function objectOf(value: unknown): object {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  throw usage('the file holds no object');
}

function tellReply<C extends Contract>(out: Output, spec: OperationSpec<C>, reply: ReplyOf<C>): void {
  const { gives, table, once, shows } = spec;
  if (out.json) return;
  if (shows) return out.print(...shows(reply, out));
  if (table) return out.table(...table(reply, out));
  if (once !== undefined) {
    if (gives) out.note(rowOf(gives, reply, out).map(printable).join('  '));
    out.note(`Its ${once} is shown this once:`);
    return out.print(printable(String(reply[once])));
  }
  if (gives) return out.table(...tableOf(gives, [reply], out));
  out.print(...documentLines(reply));
}

/** Anything, for people: YAML. */
export const documentLines = (value: unknown): string[] =>
  typeof value === 'string'
    ? value.trimEnd().split('\n').map(printable)
    : stringify(value, { lineWidth: 0 }).trimEnd().split('\n').map(printable);

/** The name of a noun as an operand that must be given. */
export const required = (of: Pick<AnyNoun, 'name'>) => ({ name: operandOf(of), required: true as const });
