import type { Options } from '../command.js';
import { timeOf, word, type Field } from '../operations/field.js';

const past = ([said = '']: readonly string[]): string => timeOf(said, -1);

/** What narrows entries down. */
export const filterFields: readonly Field[] = [
  word('type', 'entries whose type begins like this, such as decision.'),
  word('actor', 'what this principal did', { value: 'ID' }),
  word('about', 'entries that name this principal, decision, run, …', { value: 'ID' }),
  word('text', 'a part of what entries disclose'),
  {
    ...word('since', 'at this time or later: a date, or 7d for as long ago', { name: 'begin', value: 'TIME' }),
    read: past,
  },
  { ...word('until', 'before this time', { name: 'end', value: 'TIME' }), read: past },
];

export const filterOptions: Options = Object.fromEntries(filterFields.map(({ name, option }) => [name, option]));
