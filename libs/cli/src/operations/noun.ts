import type { Contract, ReplyOf } from '@conclave/contracts';
import { everyItem, type Client } from '@conclave/sdk';
import { didYouMean } from '../did-you-mean.js';
import { EXIT } from '../exit-codes.js';
import { Fault } from '../fault.js';
import type { Output } from '../output.js';

/** One thing of a list’s reply. */
export type ItemOf<C extends Contract> = ReplyOf<C> extends { readonly items: readonly (infer One)[] } ? One : never;

/** A kind of thing: which list has it, what people call it, and what they are shown of it. */
export interface Noun<C extends Contract = Contract, Item = ItemOf<C>> {
  /** As one says it: `key`, `mail domain`. */
  readonly name: string;
  readonly list: C;
  id(item: Item): string;
  /** What people call it; what has no name but its id has none here. */
  names?(item: Item): readonly (string | undefined)[];
  /** What is shown of it, by column; the first one names it. */
  readonly columns: Readonly<Record<string, (item: Item, out: Output) => string>>;
  /** The list is one answer without pages. */
  readonly whole?: true;
  /** What to do where there is none, as words behind `conclave`. */
  readonly first?: readonly string[];
}

/** Some noun, whatever its things are. */
export type AnyNoun = Noun<Contract, never>;

/** Lets the columns of a noun know what they are columns of. */
export const noun = <C extends Contract>(of: Noun<C>): Noun<C> => of;

/** Several of a noun. */
export const plural = (name: string): string =>
  /s$/.test(name) ? `${name}es` : /[^aeiou]y$/.test(name) ? `${name.slice(0, -1)}ies` : `${name}s`;

/** What a person calls a noun’s things on a command line: `MAIL-DOMAIN`. */
export const operandOf = ({ name }: Pick<AnyNoun, 'name'>): string => name.replaceAll(' ', '-').toUpperCase();

const ID = /^[a-z]{3}_[0-9a-z]+$/;

/**
 * The id of the thing that a person named, by its id or its name.
 *
 * @throws Fault `cli.unknown-name` | `cli.ambiguous-name`
 */
export async function idNamed(client: Client, of: AnyNoun, said: string): Promise<string> {
  if (ID.test(said) || !of.names) return said;
  const all = await everything(client, of);
  const asked = said.toLowerCase();
  const found = all.filter((item) => namesOf(of, item).some((one) => one.toLowerCase() === asked));
  const [one, ...others] = found;
  if (one === undefined) throw nobody(of, said, [...new Set(all.flatMap((item) => namesOf(of, item)))]);
  if (others.length === 0) return of.id(one);
  throw new Fault(
    EXIT.refused,
    'cli.ambiguous-name',
    `${found.length} ${plural(of.name)} are called ${JSON.stringify(said)}`,
    `Say which by its id: ${found.map((item) => of.id(item)).join(', ')}`,
  );
}

const namesOf = (of: AnyNoun, item: never): string[] => (of.names?.(item) ?? []).filter((one) => one !== undefined);

function nobody({ name }: AnyNoun, said: string, known: readonly string[]): Fault {
  const near = didYouMean(said, known);
  const some = `There are: ${known.slice(0, 10).join(', ')}${known.length > 10 ? ', …' : ''}`;
  const advice =
    near === undefined ? (known.length > 0 ? some : `There is no ${name} at all.`) : `Did you mean ${near}?`;
  return new Fault(EXIT.refused, 'cli.unknown-name', `there is no ${name} called ${JSON.stringify(said)}`, advice);
}

/** All things of a list. */
export const everything = <C extends Contract, Item>(client: Client, { list, whole }: Noun<C, Item>): Promise<Item[]> =>
  everyItem(
    async (page) => (await client.call(list, (whole ? {} : page) as never)) as { items: Item[]; next?: string },
  );
