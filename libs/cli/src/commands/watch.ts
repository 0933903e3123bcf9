import { resolve } from 'node:path';
import { runtime } from '@conclave/contracts';
import { platformOptions, type Command } from '../command.js';
import { EXIT, outcomeCodes } from '../exit-codes.js';
import { clientOf } from '../platform/settings.js';
import { conclude } from '../review/conclusion.js';

export const watch: Command = {
  name: 'watch',
  operands: [{ name: 'RUN', required: true }],
  summary: 'follow a run to its end',
  description: [
    'Shows a run from its beginning, also one that has ended. A review ends with its outcome, every other run with its',
    'result.',
  ].join('\n'),
  options: {
    interactive: { help: 'answer here whenever the run asks a person' },
    sarif: { value: 'FILE', help: 'write the findings as SARIF 2.1.0' },
    receipt: { value: 'FILE', help: 'store the receipt' },
    ...platformOptions,
  },
  calls: [runtime.streamRunEvents, runtime.getRunResult],
  codes: [[EXIT.approved, 'approved, or completed'], ...outcomeCodes.slice(1)],

  async run(call) {
    const path = (name: string): string | undefined => {
      const given = call.text(name);
      return given === undefined ? undefined : resolve(call.cwd, given);
    };
    const papers = { sarif: path('sarif'), receipt: path('receipt') };
    return conclude(call, clientOf(call), call.operands[0]!, () => papers);
  },
};
