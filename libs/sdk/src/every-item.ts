/** A page of a list, and where the next one begins. */
interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

/** Every item of a list, from its first page to its last; `read` asks for one of them. */
export async function everyItem<Item>(
  read: (page: { limit: number; after?: string }) => Promise<Page<Item>>,
  limit = 100,
): Promise<Item[]> {
  const all: Item[] = [];
  for (let after: string | undefined; ;) {
    const { items, next } = await read({ limit, ...(after === undefined ? {} : { after }) });
    all.push(...items);
    if (next === undefined) return all;
    after = next;
  }
}
