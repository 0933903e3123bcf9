/** What a person does to a run that is under way. */
import { randomUUID } from 'node:crypto';
import { runs, runtime, type Run } from '@conclave/contracts';
import { platformOptions, type Call, type Command } from '../command.js';
import { clientOf } from '../platform/settings.js';

const operands = [{ name: 'RUN', required: true }] as const;
const reasonOption = { reason: { value: 'TEXT', help: 'why; it is told in the run’s story' } } as const;

const reasonOf = (call: Call) => {
  const reason = call.text('reason');
  return reason === undefined ? {} : { reason };
};

function told({ out }: Call, run: Run, hint?: string): 0 {
  out.print(`Run ${run.id} is ${run.state}.${hint === undefined ? '' : ` ${hint}`}`);
  out.result(run);
  return 0;
}

export const pause: Command = {
  name: 'pause',
  operands,
  summary: 'pause a run at its next step',
  description: 'What is under way is finished and kept, nothing new is begun until `conclave resume`.',
  options: { ...reasonOption, ...platformOptions },
  calls: [runs.pauseRun],
  async run(call) {
    const id = call.operands[0]!;
    const run = await clientOf(call).call(runs.pauseRun, { id, ...reasonOf(call) });
    return told(call, run, `Go on: ${call.out.typed('resume', id)}`);
  },
};

export const resume: Command = {
  name: 'resume',
  operands,
  summary: 'go on with a paused run',
  description: 'The run goes on where it was paused.',
  options: platformOptions,
  calls: [runs.resumeRun],
  run: async (call) => told(call, await clientOf(call).call(runs.resumeRun, { id: call.operands[0]! })),
};

export const cancel: Command = {
  name: 'cancel',
  operands,
  summary: 'end a run for good',
  description: 'The run ends without a result, and so does every run it started. It cannot be resumed.',
  options: { ...reasonOption, ...platformOptions },
  calls: [runtime.cancelRun],
  run: async (call) =>
    told(call, await clientOf(call).call(runtime.cancelRun, { id: call.operands[0]!, ...reasonOf(call) })),
};

export const steer: Command = {
  name: 'steer',
  operands: [...operands, { name: 'MESSAGE', required: true }],
  summary: 'tell a run something',
  description: 'Tasks of the agent `model` hear the message before their next call. No other agent listens.',
  options: platformOptions,
  calls: [runs.steerRun],
  async run(call) {
    const [id, message] = call.operands as [string, string];
    const taken = await clientOf(call).call(runs.steerRun, { id, message }, { idempotencyKey: randomUUID() });
    call.out.print(`Message ${taken.no} is on its way to run ${taken.run}.`);
    call.out.result(taken);
    return 0;
  },
};
