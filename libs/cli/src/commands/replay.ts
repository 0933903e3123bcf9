import { runs } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { EXIT, plainCodes } from '../exit-codes.js';
import { clientOf } from '../platform/settings.js';
import { printable } from '../printable.js';

export const replay: Command = {
  name: 'replay',
  operands: [{ name: 'RUN', required: true }],
  summary: 'do a run again from its journal, and compare',
  description:
    'The agents of today run on what is recorded; nothing leaves the platform. What they first do otherwise is shown.',
  options: platformOptions,
  calls: [runs.replayRun],
  codes: [...plainCodes, [EXIT.diverged, 'the agents do something else than is recorded']],

  async run(call) {
    const { out } = call;
    const found = await clientOf(call).call(runs.replayRun, { id: call.operands[0]! });
    const { run, identical, turns, steps, divergence } = found;
    const size = `${turns} turn${turns === 1 ? '' : 's'}, ${steps} step${steps === 1 ? '' : 's'}`;
    out.print(identical ? `Run ${run} comes out the same: ${size}.` : `Run ${run} comes out otherwise (${size}).`);
    if (divergence) {
      const { task, turn, step, expected, found } = divergence;
      out.print(
        `  at       ${printable(task)}#${turn}${step === undefined ? '' : `, ${printable(step)}`}`,
        `  recorded ${printable(JSON.stringify(expected))}`,
        `  now      ${printable(JSON.stringify(found))}`,
      );
    }
    out.result(found);
    return identical ? 0 : EXIT.diverged;
  },
};
