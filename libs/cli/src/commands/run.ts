import { randomUUID } from 'node:crypto';
import { runs, runtime, type RequestInputOf } from '@conclave/contracts';
import { platformOptions, type Call, type Command } from '../command.js';
import { didYouMean } from '../did-you-mean.js';
import { runCodes } from '../exit-codes.js';
import { usage } from '../fault.js';
import { parsed, textOf } from '../operations/field.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';
import { followToEnd } from '../runs/follow.js';
import { jsonOf } from '../runs/questions.js';
import { tellResult } from '../runs/views.js';

type Asked = RequestInputOf<typeof runs.createRun>;

export const run: Command = {
  name: 'run',
  operands: [{ name: 'FILE', required: false }],
  summary: 'run an agent, or a graph of tasks',
  description: [
    'Starts what FILE (JSON or YAML; - reads stdin) asks for, tells its story and prints its result:',
    '  tasks: [{id: ask, agent: human, input: {question: "Ship it?"}},',
    '          {id: wait, agent: timer, input: {delayMs: 1000}, dependsOn: [ask]}]',
    'or one agent’s task: --agent NAME, of `conclave agents list`.',
  ].join('\n'),
  options: {
    agent: { value: 'NAME', values: runs.agentNames, help: 'run this agent instead of a file' },
    input: { value: 'JSON', help: 'what the agent takes' },
    title: { value: 'TEXT', help: 'what the run is called' },
    priority: { value: 'PRIORITY', values: runtime.priorities, help: 'how urgent it is' },
    background: { help: 'print the run’s id and leave' },
    interactive: { help: 'answer here whenever the run asks a person' },
    ...platformOptions,
  },
  codes: runCodes,
  calls: [runs.createRun, runtime.streamRunEvents, runtime.getRunResult],

  async run(call) {
    const { out, signal } = call;
    if (call.flag('background') && call.flag('interactive')) throw usage('a run in the background asks nobody here');
    if (call.operands[0] === '-' && call.flag('interactive'))
      throw usage('stdin gives the run, so nobody can answer there: name a FILE');
    const request: unknown = { ...(await requestOf(call)), ...named(call, 'title'), ...named(call, 'priority') };
    const client = clientOf(call);
    const created = await client.call(runs.createRun, request as Asked, { idempotencyKey: randomUUID(), signal });
    if (call.flag('background')) {
      out.note(`Watch it: ${out.typed('watch', created.id)}`);
      out.print(created.id);
      out.result(created);
      return 0;
    }
    out.note(`Run ${created.id}: ${printable(created.title)}`);
    await followToEnd(call, client, created.id);
    const given = await client.call(runtime.getRunResult, { id: created.id });
    return runtime.isReview(given) ? 0 : tellResult(out, created.id, given);
  },
};

const named = (call: Call, name: string): Record<string, string> => {
  const value = call.text(name);
  return value === undefined ? {} : { [name]: value };
};

/** What is asked for; the platform judges it. @throws Fault `cli.usage` */
async function requestOf(call: Call): Promise<object> {
  const [file] = call.operands;
  const [agent, input] = [call.text('agent'), call.text('input')];
  if ((file === undefined) === (agent === undefined)) throw usage('name a FILE or an --agent');
  if (file === undefined)
    return { agent: agentNamed(agent!), ...(input === undefined ? {} : { input: jsonOf(input, '--input') }) };
  if (input !== undefined) throw usage('--input goes with --agent');
  const asked = parsed(file, await textOf(call, file));
  if (typeof asked !== 'object' || asked === null) throw usage(`${file} asks for nothing: tasks or an agent`);
  return asked;
}

/** @throws Fault `cli.usage` */
export function agentNamed(said: string): (typeof runs.agentNames)[number] {
  const found = runs.agentNames.find((name) => name === said);
  if (found) return found;
  const near = didYouMean(said, runs.agentNames);
  const advice = near === undefined ? `There are: ${runs.agentNames.join(', ')}` : `Did you mean ${near}?`;
  throw usage(`there is no agent ${JSON.stringify(said)}`, `${advice} See: conclave agents list`);
}
