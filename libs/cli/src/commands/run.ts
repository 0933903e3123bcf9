import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { runs, runtime, type RequestInputOf } from '@conclave/contracts';
import { parse } from 'yaml';
import { platformOptions, type Call, type Command } from '../command.js';
import { runCodes } from '../exit-codes.js';
import { usage } from '../fault.js';
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
    `or one agent’s task: --agent NAME, of ${runs.agentNames.join(', ')}.`,
  ].join('\n'),
  options: {
    agent: { value: 'NAME', help: 'run this agent instead of a file' },
    input: { value: 'JSON', help: 'what the agent takes' },
    title: { value: 'TEXT', help: 'what the run is called' },
    priority: { value: 'P', help: runtime.priorities.join(', ') },
    background: { help: 'print the run’s id and leave' },
    interactive: { help: 'answer here whenever the run asks a person' },
    ...platformOptions,
  },
  codes: runCodes,

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
  if ((file === undefined) === (agent === undefined)) throw usage('name a FILE or an --agent', help(call));
  if (file === undefined) return { agent, ...(input === undefined ? {} : { input: jsonOf(input, '--input') }) };
  if (input !== undefined) throw usage('--input goes with --agent', help(call));
  const read = file === '-' ? text(process.stdin) : readFile(resolve(call.cwd, file), 'utf8');
  const written = await read.catch((error: NodeJS.ErrnoException) => {
    throw usage(`${file} cannot be read (${error.code})`);
  });
  const asked = parsed(file, written);
  if (typeof asked !== 'object' || asked === null) throw usage(`${file} asks for nothing: tasks or an agent`);
  return asked;
}

function parsed(file: string, written: string): unknown {
  try {
    return parse(written) as unknown;
  } catch (error) {
    throw usage(`${file} is neither JSON nor YAML: ${error instanceof Error ? error.message.split('\n')[0] : ''}`);
  }
}

const help = ({ out }: Call): string => `See: ${out.typed('run', '--help')}`;
