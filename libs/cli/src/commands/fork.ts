import { randomUUID } from 'node:crypto';
import { runs } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { usage } from '../fault.js';
import { clientOf } from '../platform/settings.js';

export const fork: Command = {
  name: 'fork',
  operands: [{ name: 'RUN', required: true }],
  summary: 'start a new run from before a step of another',
  description: [
    'The new run has everything the old one had before the step was written, and goes on from there. The old run stays',
    'as it is. `conclave status RUN --steps` lists the steps.',
  ].join('\n'),
  options: {
    step: { value: 'N', help: 'the step that is done anew' },
    title: { value: 'TEXT', help: 'what the new run is called' },
    ...platformOptions,
  },
  calls: [runs.forkRun],

  async run(call) {
    const { out } = call;
    const id = call.operands[0]!;
    const step = Number(call.text('step'));
    if (!Number.isInteger(step) || step < 1)
      throw usage('--step names no step', `List them: ${out.typed('status', id, '--steps')}`);
    const title = call.text('title');
    const request = { id, step, ...(title === undefined ? {} : { title }) };
    const run = await clientOf(call).call(runs.forkRun, request, { idempotencyKey: randomUUID() });
    out.note(`Watch it: ${out.typed('watch', run.id)}`);
    out.print(run.id);
    out.result(run);
    return 0;
  },
};
