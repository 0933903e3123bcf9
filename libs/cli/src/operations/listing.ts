import type { Contract } from '@conclave/contracts';
import type { Call, Options } from '../command.js';
import { usage } from '../fault.js';
import type { Output } from '../output.js';
import { clientOf } from '../platform/settings.js';
import { plural, type ItemOf, type Noun } from './noun.js';

const DEFAULT = 20;
/** The most that a page has. */
const PAGE = 100;

export const pagingOptions = {
  limit: { value: 'N', help: `how many (default: ${DEFAULT})` },
  all: { help: 'all there are' },
  after: { value: 'CURSOR', help: 'go on behind a list’s `next`' },
} as const satisfies Options;

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

/** As many things of a list as are asked for, page by page, with what the list says besides. */
export async function pageAsked<C extends Contract>(
  call: Call,
  list: C,
  request: object = {},
): Promise<Page<ItemOf<C>>> {
  const client = clientOf(call);
  const items: ItemOf<C>[] = [];
  let next = call.text('after');
  let besides = {};
  for (let left = call.flag('all') ? Infinity : limitOf(call); left > 0;) {
    call.out.transient(items.length > 0 ? `  … ${items.length}` : '');
    const after = next === undefined ? {} : { after: next };
    const {
      items: more,
      next: following,
      ...rest
    } = (await client.call(list, { ...request, ...after, limit: Math.min(left, PAGE) } as never)) as Page<ItemOf<C>>;
    items.push(...more);
    left -= more.length;
    [next, besides] = [following, rest];
    if (next === undefined) break;
  }
  call.out.transient('');
  return { items, ...besides, ...(next === undefined ? {} : { next }) };
}

function limitOf(call: Call): number {
  const said = call.text('limit') ?? String(DEFAULT);
  if (!/^[1-9]\d{0,6}$/.test(said)) throw usage('--limit is a number above 0');
  return Number(said);
}

/** Tells a list: a table, what to do where it is empty, and how to go on. */
export function tellPage<C extends Contract>(
  { out }: Call,
  of: Pick<Noun<C>, 'name' | 'columns' | 'first'>,
  page: Page<ItemOf<C>>,
  typed: readonly string[],
): 0 {
  const { name, first } = of;
  out.table(...tableOf<ItemOf<C>>(of, page.items, out));
  if (page.items.length === 0 && !out.quiet)
    out.print(`No ${plural(name)}.${first ? ` Begin: ${out.typed(...first)}` : ''}`);
  if (page.next !== undefined && !out.json)
    out.note('', `More: ${out.typed(...typed, '--after', page.next)}, or --all`);
  out.result(page);
  return 0;
}

/** What is shown of a thing. */
export interface Shown<Item> {
  readonly columns: Readonly<Record<string, (item: Item, out: Output) => string>>;
}

export const rowOf = <Item>({ columns }: Shown<Item>, item: Item, out: Output): string[] =>
  Object.values(columns).map((column) => column(item, out));

/** A head, and what is below it. */
export type Table = readonly [head: readonly string[], rows: readonly (readonly string[])[]];

export const tableOf = <Item>(shown: Shown<Item>, items: readonly Item[], out: Output): Table => [
  Object.keys(shown.columns),
  items.map((item) => rowOf(shown, item, out)),
];
