import { runtime, type Decision } from '@conclave/contracts';
import { useQuery } from '@tanstack/react-query';
import { client } from '../api/client.js';

/** How far back in the list of runs a decision's run is looked for, in pages of a hundred. */
const PAGES = 10;

/** The run that asked for a decision, if one did: `known` when the address names it, else the run that names the decision. */
export function useRunOf(decision: Decision | undefined, known: string | null) {
  return useQuery({
    queryKey: ['run of', decision?.id],
    queryFn: ({ signal }) => findRun(decision!.id, signal),
    enabled: decision?.subject !== undefined && known === null,
    staleTime: Infinity,
    select: (found) => found,
    ...(known === null ? {} : { initialData: known }),
  });
}

async function findRun(decision: string, signal: AbortSignal): Promise<string | null> {
  let after: string | undefined;
  for (let page = 0; page < PAGES; page++) {
    const { items, next } = await client.call(runtime.listRuns, { limit: 100, after }, { signal });
    const found = items.find((run) => run.decision === decision);
    if (found) return found.id;
    if (next === undefined) return null;
    after = next;
  }
  return null;
}
