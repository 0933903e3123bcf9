import { setTimeout as sleep } from 'node:timers/promises';
import { auth, runs, runtime } from '@conclave/contracts';
import { everyItem, type Client } from '@conclave/sdk';
import { platformOptions, type Call, type Command } from '../command.js';
import { EXIT, plainCodes, type ExitCode } from '../exit-codes.js';
import { usage } from '../fault.js';
import { clientOf, settingsOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { runLine, runLines, stepLine, taskLine, waitLine, type Step, type Task } from '../runs/views.js';

/** What is shown now. */
interface View {
  readonly lines: readonly string[];
  readonly value: unknown;
  /** Nothing will change any more. */
  readonly over?: boolean;
}

const PAUSE_MS = 1_000;

export const status: Command = {
  name: 'status',
  operands: [{ name: 'RUN', required: false }],
  summary: 'who you are, and how runs stand',
  description: [
    'Without a run: whose key this is and the newest runs. With one: how it, its tasks and its questions stand.',
    'With --watch the view is kept fresh: of one run until it ends, of the list until Ctrl-C. Where stdout is no',
    'terminal that is a line per change, with --json a document on a line of its own.',
  ].join('\n'),
  options: {
    watch: { help: 'keep the view fresh' },
    steps: { help: 'list the journal of the run: its numbers are those of `fork --step`' },
    ...platformOptions,
  },
  calls: [runs.listSteps, auth.getMe, runtime.listRuns],
  codes: [...plainCodes, [EXIT.interrupted, 'interrupted']],

  async run(call) {
    const { out, operands } = call;
    const client = clientOf(call);
    const [id] = operands;
    if (call.flag('steps')) {
      if (id === undefined || call.flag('watch')) throw usage('--steps is about one RUN, and stands alone');
      return listJournal(call, client, id);
    }
    const view = id === undefined ? await newest(call, client) : () => oneRun(call, client, id);
    if (call.flag('watch')) return watchView(call, view);
    const { lines, value } = await view();
    out.print(...lines);
    out.result(value);
    return 0;
  },
};

async function newest(call: Call, client: Client): Promise<() => Promise<View>> {
  const { out } = call;
  const { url } = settingsOf(call);
  const me = await client.call(auth.getMe, {});
  const who = `${printable(me.principal.name)} (${me.role}) of ${printable(me.tenant.name)}, workspace ${printable(me.workspace.name)}`;
  return async () => {
    const { items } = await client.call(runtime.listRuns, { limit: 10 });
    const none = `No runs yet: ${out.typed('review')}`;
    return {
      lines: [`${url}: ${who}`, '', ...(items.length > 0 ? items.map(runLine) : [none])],
      value: { url, me, runs: items },
    };
  };
}

async function oneRun(call: Call, client: Client, id: string): Promise<View> {
  const run = await client.call(runtime.getRun, { id });
  const head = call.flag('watch') ? [runLine(run)] : runLines(run);
  const over = runtime.endedRunStates.includes(run.state);
  if (run.kind === 'review') return { lines: head, value: run, over };
  const tasks = await everyItem<Task>((page) => client.call(runs.listTasks, { id, ...page }));
  const waits = (await client.call(runs.listWaits, { id })).items.filter(({ state }) => state === 'open');
  // The root of a graph is the run itself: it waits for its tasks, and gives what they gave.
  const lines = [
    ...head,
    ...tasks.filter(({ agent }) => agent !== 'graph').map(taskLine),
    ...waits.filter(({ kind }) => kind !== 'tasks').map((wait) => waitLine(call.out, id, wait)),
  ];
  return { lines, value: { ...run, tasks, waits }, over };
}

async function watchView({ out, signal }: Call, view: () => Promise<View>): Promise<ExitCode> {
  for (let before = ''; ; await sleep(PAUSE_MS, undefined, { signal })) {
    const { lines, value, over } = await view();
    out.frame(lines);
    const now = JSON.stringify(value);
    if (now !== before) out.record(value);
    if (over) return 0;
    before = now;
  }
}

async function listJournal({ out }: Call, client: Client, id: string): Promise<ExitCode> {
  const steps = await everyItem<Step>((page) => client.call(runs.listSteps, { id, ...page }));
  out.print(...(steps.length > 0 ? steps.map(stepLine) : [`Run ${id} has no steps yet.`]));
  out.result({ items: steps });
  return 0;
}
