/** What is asked of the engine: runs of many tenants, some in sessions, some below others, under caps that bind. */
import { newId } from '@conclave/contracts';
import { FIRST_CAPS } from './caps.js';
import type { Budget, WantedRun } from './history.js';
import { pick } from './random.js';

/** Of all its runs, and of no others. */
export const TITLE = 'chaos';
const TENANTS = 10;
const WORKSPACES_EACH = 2;
const SESSIONS_EACH = 6;
const STEPS = 3;

/** Six turns: one after the other, or of three tasks, the last of which depends on the others. */
const CHAIN = [{ id: 'root', turns: 6, steps: STEPS }];
const GRAPH = [
  { id: 'root', turns: 2, steps: 0 },
  ...['left', 'right', 'join'].map((id) => ({ id, turns: 2, steps: STEPS })),
];

type Cap = Pick<Budget, 'id' | 'tenant' | 'scope' | 'scopeId' | 'limit'> & { readonly workspace?: string };

export interface Plan {
  /** All so far. */
  readonly runs: readonly WantedRun[];
  /** So many more, and the caps that are to be there before them. */
  wave(size: number): { readonly runs: readonly WantedRun[]; readonly caps: readonly Cap[] };
}

export function planOf(random: () => number): Plan {
  const tenants = Array.from({ length: TENANTS }, () => ({
    id: newId('tenant'),
    workspaces: Array.from({ length: WORKSPACES_EACH }, () => newId('workspace')),
  }));
  const standing = tenants.flatMap(({ id, workspaces }) => [
    capOf('tenant', id, id),
    ...workspaces.map((workspace) => capOf('workspace', id, workspace, workspace)),
  ]);
  const runs: WantedRun[] = [];
  const next = (): WantedRun => {
    const { id: tenant, workspaces } = pick(tenants, random);
    const parent = random() < 0.25 ? runs.findLast((run) => run.tenant === tenant) : undefined;
    const session = random() < 0.6 ? `session-${Math.floor(random() * SESSIONS_EACH)}` : undefined;
    const workspace = parent?.workspace ?? pick(workspaces, random);
    const tasks = random() < 0.25 ? GRAPH : CHAIN;
    return { id: newId('run'), tenant, workspace, parent: parent?.id, session, tasks };
  };
  return {
    runs,
    wave(size) {
      const caps = [...standing];
      const from = runs.length;
      for (let no = 0; no < size; no++) {
        const run = next();
        runs.push(run);
        if (random() < 0.25) caps.push(capOf('run', run.tenant, run.id, run.workspace));
      }
      return { runs: runs.slice(from), caps };
    },
  };
}

const capOf = (scope: Cap['scope'], tenant: string, scopeId: string, workspace?: string): Cap => ({
  ...{ id: newId('budget'), tenant, scope, scopeId, limit: FIRST_CAPS[scope] },
  ...(workspace && { workspace }),
});

/** As a worker of the suite creates it. */
export function newRunOf({ id, tenant, workspace, parent, session, tasks }: WantedRun): object {
  const plain = { id, tenantId: tenant, workspaceId: workspace, parent, kind: 'agent', title: TITLE };
  const [root, ...others] = tasks;
  const spawned = others.map((task) => ({
    ...{ id: task.id, agent: 'wanderer', input: task },
    dependsOn: task.id === 'join' ? ['left', 'right'] : [],
  }));
  return {
    ...plain,
    ...{ actor: 'service:runtime', agent: spawned.length > 0 ? 'graph' : 'wanderer', input: {}, session },
    rootInput: spawned.length > 0 ? { tasks: spawned } : root,
  };
}
