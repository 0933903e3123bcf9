import { runtime, type Decision } from '@conclave/contracts';
import { useQuery } from '@tanstack/react-query';
import { client } from '../api/client.js';

/** How far back in the list of runs a decision's run is looked for, in pages of a hundred. */
const PAGES = 10;

/**
 * The run that asked for a decision, if one did. `hint` saves the search where it is right; an address can be made by
 * anybody, so the run itself must name the decision.
 */
export function useRunOf({ id, subject }: Decision, hint: string | null) {
  return useQuery({
    queryKey: ['run of', id],
    queryFn: async ({ signal }) => (await hinted(id, hint, signal)) ?? (await findRun(id, signal)),
    enabled: subject !== undefined,
    staleTime: Infinity,
  });
}

async function hinted(decision: string, hint: string | null, signal: AbortSignal): Promise<string | undefined> {
  if (hint === null) return undefined;
  const run = await client.call(runtime.getRun, { id: hint }, { signal }).catch(() => undefined);
  return run?.decision === decision ? run.id : undefined;
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
