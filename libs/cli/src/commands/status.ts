import { auth, runtime, type Run } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { plainCodes } from '../exit-codes.js';
import { clientOf, settingsOf } from '../platform/settings.js';
import { printable } from '../printable.js';

export const status: Command = {
  name: 'status',
  operands: [{ name: 'RUN', required: false }],
  summary: 'who you are, and how runs stand',
  description: 'Without a run: whose key this is and the newest runs. With one: how it stands.',
  options: platformOptions,
  codes: plainCodes,

  async run(call) {
    const { out, operands } = call;
    const client = clientOf(call);
    if (operands[0] !== undefined) {
      const run = await client.call(runtime.getRun, { id: operands[0] });
      out.print(...runLines(run));
      out.result(run);
      return 0;
    }
    const me = await client.call(auth.getMe, {});
    const runs = await client.call(runtime.listRuns, { limit: 10 });
    const { url } = settingsOf(call);
    out.print(
      `${url}: ${printable(me.principal.name)} (${me.role}) of ${printable(me.tenant.name)}, workspace ${printable(me.workspace.name)}`,
      '',
      ...(runs.items.length > 0 ? runs.items.map(runLine) : [`No runs yet: ${out.typed('review')}`]),
    );
    out.result({ url, me, runs: runs.items });
    return 0;
  },
};

const runLine = ({ id, state, outcome, createdAt, title }: Run): string =>
  `${id}  ${createdAt.slice(0, 16)}  ${(outcome ?? state).padEnd(10)} ${printable(title)}`;

function runLines({ id, title, state, outcome, createdAt, updatedAt, decision, failure }: Run): string[] {
  return [
    `Run      ${id}`,
    `Title    ${printable(title)}`,
    `State    ${state}${outcome === undefined ? '' : `, ${outcome}`}`,
    `Created  ${createdAt}`,
    `Changed  ${updatedAt}`,
    ...(decision === undefined ? [] : [`Decision ${decision}`]),
    ...(failure === undefined ? [] : [`Failure  ${printable(failure.code)}: ${printable(failure.message)}`]),
  ];
}
