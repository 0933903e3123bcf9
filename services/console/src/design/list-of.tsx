import type { ReactNode } from 'react';
import type { Listed } from '../api/queries.js';
import { Older } from './older.js';
import { Waiting } from './page.js';
import { Panel } from './panel.js';
import { Refusal } from './refusal.js';

interface ListOfProps<Item> {
  readonly list: Listed<Item>;
  readonly title?: ReactNode;
  readonly aside?: ReactNode;
  /** Shown in place of an empty list. */
  readonly empty: ReactNode;
  readonly children: (items: readonly Item[]) => ReactNode;
}

/** A list in each of its states: being read, refused, empty, there, with more to read. */
export function ListOf<Item>({ list, empty, children, ...head }: ListOfProps<Item>) {
  if (list.error) return <Refusal error={list.error} onRetry={list.retry} />;
  if (!list.items) return <Waiting />;
  return (
    <Panel flush {...head}>
      {list.items.length === 0 ? empty : children(list.items)}
      <Older list={list} />
    </Panel>
  );
}
