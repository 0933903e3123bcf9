import type { RequestInputOf, records } from '@conclave/contracts';
import type { Call, Option } from '../command.js';

type Filter = NonNullable<RequestInputOf<typeof records.createExport>['filter']>;

const MEMBERS = { type: 'type', actor: 'actor', about: 'about', text: 'text', begin: 'since', end: 'until' } as const;

/** What narrows entries down. */
export const filterOptions = {
  type: { value: 'TYPE', help: 'entries whose type begins like this, such as decision.' },
  actor: { value: 'ID', help: 'what this principal did' },
  about: { value: 'ID', help: 'entries that name this principal, decision, run, …' },
  text: { value: 'TEXT', help: 'a part of what entries disclose' },
  begin: { value: 'TIME', help: 'at this time or later, such as 2026-11-29T00:00:00Z' },
  end: { value: 'TIME', help: 'before this time' },
} as const satisfies Record<keyof typeof MEMBERS, Option>;

export function filterOf(call: Call): Filter {
  const given = Object.entries(MEMBERS).map(([option, member]) => [member, call.text(option)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}
