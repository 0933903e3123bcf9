import { auth } from '@conclave/contracts';
import { usePages } from '../api/queries.js';
import { useMe } from '../sign-in/use-me.js';

/** Who an id of the log is, as far as this page knows its people: their name, or the id itself. */
export function useNameOf(): (actor: string) => string {
  const me = useMe().data;
  const { items = [] } = usePages(auth.listMembers, { limit: 100 });
  const names = new Map(items.map(({ principal }) => [principal.id, principal.name]));
  return (actor) => {
    if (actor === me?.principal.id) return 'you';
    return actor.startsWith('service:') ? 'Conclave itself' : (names.get(actor) ?? actor);
  };
}
